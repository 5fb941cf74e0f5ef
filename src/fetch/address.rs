//! What kind of address one is. Everything that is not certainly public has a kind.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not a public one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `0.0.0.0/8` and `::`: this host itself.
    Unspecified,
    /// This machine.
    Loopback,
    /// A network of its own: `10/8`, `172.16/12`, `192.168/16`, `fc00::/7`, and `64:ff9b:1::/48`.
    Private,
    /// `100.64.0.0/10`, which a provider shares among its customers.
    CarrierGrade,
    /// Of one link only.
    LinkLocal,
    /// `fec0::/10`, which came before private IPv6 addresses.
    SiteLocal,
    /// Where clouds tell a machine about itself, credentials included.
    Metadata,
    /// For measuring: `198.18/15`, `2001:2::/48`.
    Benchmarking,
    /// For examples in texts.
    Documentation,
    /// Of a group.
    Multicast,
    /// `255.255.255.255`.
    Broadcast,
    /// IPv6 that is carried in IPv4 to wherever the address says: 6to4 and Teredo.
    Tunnel,
    /// Kept for something else, or given to nobody.
    Reserved,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Unspecified => "an address that stands for this machine",
            Kind::Loopback => "an address of this machine",
            Kind::Private => "a private address",
            Kind::CarrierGrade => "an address that a provider shares among its customers",
            Kind::LinkLocal => "a link-local address",
            Kind::SiteLocal => "a site-local address",
            Kind::Metadata => "an address where clouds keep credentials of machines",
            Kind::Benchmarking => "an address for measuring",
            Kind::Documentation => "an address for examples",
            Kind::Multicast => "an address of a group",
            Kind::Broadcast => "the address of everyone",
            Kind::Tunnel => "an address of a tunnel",
            Kind::Reserved => "a reserved address",
        })
    }
}

/// The kind of an address; none when it is public.
pub(super) fn kind(address: IpAddr) -> Option<Kind> {
    match address {
        IpAddr::V4(address) => kind_of_v4(address),
        IpAddr::V6(address) => kind_of_v6(address),
    }
}

fn kind_of_v4(address: Ipv4Addr) -> Option<Kind> {
    Some(match address.octets() {
        // Of all clouds the first; the container service of one; and three that have an address of their own.
        [169, 254, 169, 254] | [169, 254, 170, 2] | [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => {
            Kind::Metadata
        }
        [0, ..] => Kind::Unspecified,
        [127, ..] => Kind::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Kind::Private,
        [100, 64..=127, ..] => Kind::CarrierGrade,
        [169, 254, ..] => Kind::LinkLocal,
        [198, 18..=19, ..] => Kind::Benchmarking,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Kind::Documentation,
        [224..=239, ..] => Kind::Multicast,
        [255, 255, 255, 255] => Kind::Broadcast,
        [192, 0, 0, _] | [240..=255, ..] => Kind::Reserved,
        [192, 88, 99, _] => Kind::Tunnel,
        _ => return None,
    })
}

fn kind_of_v6(address: Ipv6Addr) -> Option<Kind> {
    let parts = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    let last = v4(parts[6], parts[7]);
    // A machine that takes part in such a tunnel by itself sends to the IPv4 address inside.
    let within_a_network = match parts[4..] {
        [0 | 0x200, 0x5efe, ..] => kind_of_v4(last),
        _ => None,
    };
    within_a_network.or(match parts {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(Kind::Unspecified),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Kind::Loopback),
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => kind_of_v4(last),
        [0, 0, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => kind_of_v4(last).or(Some(Kind::Reserved)),
        [0x64, 0xff9b, 1, ..] => Some(Kind::Private),
        [0x2002, high, low, ..] => kind_of_v4(v4(high, low)).or(Some(Kind::Tunnel)),
        [0x2001, 0, ..] => {
            let (server, client) = (v4(parts[2], parts[3]), v4(!parts[6], !parts[7]));
            kind_of_v4(client).or(kind_of_v4(server)).or(Some(Kind::Tunnel))
        }
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => Some(Kind::Metadata),
        [0xfc00..=0xfdff, ..] => Some(Kind::Private),
        [0xfe80..=0xfebf, ..] => Some(Kind::LinkLocal),
        [0xfec0..=0xfeff, ..] => Some(Kind::SiteLocal),
        [0xff00..=0xffff, ..] => Some(Kind::Multicast),
        [0x2001, 2, 0, ..] => Some(Kind::Benchmarking),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some(Kind::Documentation),
        [0x2001, 0..=0x1ff, ..] => Some(Kind::Reserved),
        [0x2000..=0x3fff, ..] => None,
        _ => Some(Kind::Reserved),
    })
}
