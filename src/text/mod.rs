//! Meanings that a text can have: a country, an address, a number to call. Mappings (`as: country`) and scripts
//! (`country(text)`) read them alike.

mod country;
mod currency;
mod email;
mod html;
mod phone;
mod url;

pub use country::country;
pub use currency::currency;
pub use email::email;
pub use html::html_text;
pub use phone::phone_e164;
pub use url::{URL_PARTS, url_host, url_part, url_query};
