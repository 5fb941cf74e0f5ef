//! Laws of addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;
use proptest::prelude::*;

use super::*;

/// Every network of IPv4 that is not public, as the registry of special addresses has them.
const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "168.63.129.16/32",
];

fn networks() -> Vec<Ipv4Net> {
    NOT_PUBLIC.iter().map(|network| network.parse().unwrap()).collect()
}

/// The forms of IPv6 that carry an IPv4 address.
fn embeddings(address: Ipv4Addr, noise: u64) -> Vec<Ipv6Addr> {
    let bits = u128::from(u32::from(address));
    let noise = u128::from(noise);
    let of = |start: &str| u128::from(start.parse::<Ipv6Addr>().unwrap());
    [
        of("::ffff:0:0") | bits,
        bits,
        of("::ffff:0:0:0") | bits,
        of("64:ff9b::") | bits,
        of("64:ff9b:1::") | bits,
        of("64:ff9b:1::") | (noise << 16) | bits,
        of("2002::") | (bits << 80) | noise,
        of("2001::") | (!bits & 0xffff_ffff) | ((noise & 0xffff_ffff) << 64) | (of("::808:808") << 64),
        of("2001::") | (bits << 64) | noise,
        of("fe80::5efe:0:0") | bits,
        of("2600::5efe:0:0") | ((noise & 0xffff_ffff) << 64) | bits,
        of("2600::200:5efe:0:0") | bits,
    ]
    .map(Ipv6Addr::from)
    .to_vec()
}

fn not_public() -> impl Strategy<Value = Ipv4Addr> {
    (0..NOT_PUBLIC.len(), any::<u32>()).prop_map(|(at, bits)| {
        let network = networks()[at];
        Ipv4Addr::from(u32::from(network.network()) | (bits & u32::from(network.hostmask())))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_is_not_public_is_refused_in_every_form(address in not_public(), noise: u64) {
        let guard = Guard::new(Reach { http: true, ..Reach::default() });
        prop_assert!(guard.address(address.into()).is_err());
        for host in [address.to_string(), u32::from(address).to_string()] {
            let refused = guard.url(&format!("http://{host}/")).is_err();
            prop_assert!(refused, "{host}");
        }
        for embedding in embeddings(address, noise) {
            prop_assert!(guard.address(embedding.into()).is_err(), "{embedding}");
            let refused = guard.url(&format!("http://[{embedding}]/")).is_err();
            prop_assert!(refused, "{embedding}");
        }
    }

    #[test]
    fn every_other_address_is_public(bits: u32) {
        let address = Ipv4Addr::from(bits);
        let is_public = !networks().iter().any(|network| network.contains(&address));
        let guard = Guard::new(Reach::default());
        prop_assert_eq!(guard.address(address.into()).is_ok(), is_public);
        // What the system takes for that address stands and falls with it.
        prop_assert_eq!(guard.address(address.to_ipv6_mapped().into()).is_ok(), is_public);
    }

    #[test]
    fn ipv6_is_public_only_where_addresses_are_given_out(bits: u128) {
        let address = Ipv6Addr::from(bits);
        if Guard::new(Reach::default()).address(address.into()).is_ok() {
            prop_assert!(bits >> 125 == 1 || bits >> 32 == 0xffff || bits >> 32 == 0x64_ff9b << 64);
        }
    }

    #[test]
    fn an_exception_opens_its_network_and_nothing_else(address in not_public(), at in 0..NOT_PUBLIC.len()) {
        let network = networks()[at];
        let guard = Guard::new(Reach { exceptions: vec![network.into()], ..Reach::default() });
        let is_metadata = matches!(
            Guard::new(Reach::default()).address(address.into()),
            Err(Refused::Address { kind: Kind::Metadata, .. })
        );
        let opens = network.contains(&address) && (!is_metadata || network.prefix_len() == 32);
        prop_assert_eq!(guard.address(address.into()).is_ok(), opens);
        prop_assert_eq!(guard.address(address.to_ipv6_mapped().into()).is_ok(), opens);
    }
}

#[test]
fn public_addresses_are_let_through() {
    let guard = Guard::new(Reach::default());
    for url in [
        "https://93.184.216.34/cv.pdf",
        "https://[2606:4700:4700::1111]/",
        "https://[64:ff9b::8.8.8.8]/",
        "https://example.com:443/",
        "https://bücher.example/",
        "https://172.15.255.255/",
        "https://172.32.0.1/",
        "https://100.128.0.1/",
        "https://11.0.0.1/",
    ] {
        assert_eq!(guard.url(url).map(drop), Ok(()), "{url}");
    }
}

#[test]
fn an_address_of_credentials_needs_an_exception_of_its_own() {
    let with = |exception: &str| {
        let reach = Reach { exceptions: vec![exception.parse().unwrap()], ..Reach::default() };
        Guard::new(reach).address("169.254.169.254".parse().unwrap()).is_ok()
    };
    assert!(!with("169.254.0.0/16") && !with("0.0.0.0/0") && with("169.254.169.254/32"));
}
