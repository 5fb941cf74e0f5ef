//! Currencies.

use std::borrow::Cow;

/// The active codes of ISO 4217 for money that is paid with.
const CODES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
    CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG \
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD \
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF \
    SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS \
    VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// The ISO 4217 code of a currency, in capitals, from the code in any case.
pub fn currency(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    CODES.split_ascii_whitespace().find(|code| code.eq_ignore_ascii_case(text)).map(Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::currency;

    #[test]
    fn a_code_is_a_currency_in_any_case() {
        assert_eq!(currency("eur").as_deref(), Some("EUR"));
        assert_eq!(currency("Euro"), None);
        assert_eq!(currency("XYZ"), None);
    }
}
