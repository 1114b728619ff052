//! The code that the peers are built from.

use crate::peers::Flavour;

/// `pkg/auth` imports the older library; one of the builds replaces it with its successor.
#[test]
fn each_peer_has_the_jwt_library_of_its_generation() {
    for (flavour, library) in [
        (Flavour::Current, "github.com/golang-jwt/jwt/v4@v4.3.0"),
        (Flavour::Older, "v3.2.0+incompatible"),
    ] {
        let about = flavour.ask("about", &[serde_json::json!({})]).remove(0);
        assert_eq!(about["modules"]["github.com/dgrijalva/jwt-go"], library, "{flavour:?}");
        let server = &about["modules"]["github.com/libopenstorage/openstorage"];
        assert_eq!(server, "v9.4.47+incompatible", "{flavour:?}");
    }
}
