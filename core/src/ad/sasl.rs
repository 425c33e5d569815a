//! The words of the SASL mechanism GSSAPI (RFC 4752): which security layers a server offers, and that none is chosen.

use crate::error::{Code, Error, Reason};

/// The mechanism's name.
pub(crate) const GSSAPI: &str = "GSSAPI";

/// LDAP result codes of a bind that goes well (RFC 4511 4.1.9).
pub(crate) const SUCCESS: u32 = 0;
pub(crate) const IN_PROGRESS: u32 = 14;

/// The bit of "no security layer" (RFC 4752 3.3).
const NO_LAYER: u8 = 1;

/// What a server offers: a set of layers, and the size of its buffer, which counts for nothing without a layer.
#[derive(Debug)]
pub(crate) struct LayerOffer {
    layers: u8,
}

impl LayerOffer {
    /// Reads the four octets, already unwrapped.
    pub(crate) fn read(octets: &[u8]) -> Result<Self, Error> {
        match *octets {
            [layers, _, _, _] => Ok(LayerOffer { layers }),
            _ => Err(Error::new(
                Code::MalformedReply,
                "the domain controller's offer of security layers is not four octets long",
            )),
        }
    }

    /// The answer that chooses none: TLS is the layer. No authorization identity: one acts as oneself.
    pub(crate) fn none(&self) -> Result<[u8; 4], Error> {
        if self.layers & NO_LAYER == 0 {
            let why = "the domain controller demands Kerberos signing or sealing although TLS is there";
            return Err(Error::new(Code::BindFailed, why).with_reason(Reason::SigningRequired));
        }
        Ok([NO_LAYER, 0, 0, 0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_layer_is_chosen_where_it_is_offered() {
        for offer in [[1, 0, 0, 0], [7, 0xff, 0xff, 0xff], [5, 0, 0x10, 0]] {
            assert_eq!(LayerOffer::read(&offer).unwrap().none().unwrap(), [1, 0, 0, 0]);
        }
    }

    #[test]
    fn a_server_that_demands_a_layer_is_refused() {
        for offer in [[0, 0, 0, 0], [2, 0, 0x10, 0], [6, 0, 0x10, 0]] {
            let refused = LayerOffer::read(&offer).unwrap().none().unwrap_err();
            assert_eq!(refused.reason(), Some(Reason::SigningRequired));
        }
    }

    #[test]
    fn anything_but_four_octets_breaks_the_protocol() {
        for offer in [&b""[..], b"\x01", b"\x01\0\0\0\0"] {
            assert_eq!(LayerOffer::read(offer).unwrap_err().code(), Code::MalformedReply);
        }
    }
}
