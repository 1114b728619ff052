//! What a CA answered.

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::fault::request::RequestFault;

/// An answer of any status, within the size limit.
pub(crate) struct Answer {
    pub(crate) url: String,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) html: bool,
}

/// The body of a CA's refusal.
#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
}

impl Answer {
    /// Returns the answer if its status is 2xx and it is not an HTML page.
    pub(crate) fn accepted(self) -> Result<Self, Error> {
        let fault = if self.html || self.body.trim_ascii_start().starts_with(b"<") {
            RequestFault::Html { status: self.status }
        } else if (200..300).contains(&self.status) {
            return Ok(self);
        } else {
            let refusal = serde_json::from_slice::<Refusal>(&self.body).ok();
            let message = refusal.and_then(|refusal| refusal.message);
            RequestFault::Status {
                status: self.status,
                message: message.filter(|message| !message.is_empty()),
            }
        };
        Err(self.fault(fault))
    }

    /// Reads the JSON of an accepted answer.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let answer = self.accepted()?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| answer.fault(RequestFault::of_json(&error)))
    }

    pub(crate) fn fault(&self, fault: RequestFault) -> Error {
        Error::Request { url: self.url.clone(), fault }
    }
}

/// Returns whether the server says that its answer is a page for people.
pub(crate) fn is_html(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/html")
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let url = "https://ca.test/x".to_owned();
        Answer { url, status, body: body.as_bytes().to_vec(), html: false }
    }

    fn fault(status: u16, body: &str) -> String {
        let error = answer(status, body).json::<Refusal>().map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "request to https://ca.test/x failed");
        error.request_fault().unwrap().to_string()
    }

    #[test]
    fn every_2xx_is_accepted() {
        for status in [200, 201, 299] {
            assert!(answer(status, "{}").accepted().is_ok());
        }
        assert_eq!(fault(199, "{}"), "answered 199");
        assert_eq!(fault(302, "{}"), "answered 302 Found");
    }

    #[test]
    fn a_refusal_carries_the_message_of_the_ca() {
        let body = r#"{"status":401,"message":"The request lacked authorization."}"#;
        assert_eq!(
            fault(401, body),
            "answered 401 Unauthorized: The request lacked authorization."
        );
        assert_eq!(fault(404, "404 page not found\n"), "answered 404 Not Found");
        assert_eq!(fault(500, r#"{"message":""}"#), "answered 500 Internal Server Error");
    }

    #[test]
    fn a_page_for_people_is_called_html() {
        for status in [200, 502] {
            assert!(
                fault(status, "\n<!doctype html>").starts_with("answered HTML instead of JSON")
            );
        }
        let page = Answer { html: true, ..answer(200, "{}") };
        let error = page.accepted().map(|_| ()).unwrap_err();
        assert_eq!(error.status(), Some(200));
    }

    #[test]
    fn an_answer_that_is_no_json_says_where() {
        assert_eq!(
            fault(200, "{\"a\":\n]"),
            "answered something that is not JSON: error at line 2, column 1"
        );
        assert!(fault(200, "[5]").starts_with("answered something unexpected: "));
    }

    proptest! {
        #[test]
        fn an_arbitrary_answer_never_panics(status in 100_u16..600, body in ".{0,100}") {
            let _ = answer(status, &body).json::<Refusal>().is_ok();
        }
    }
}
