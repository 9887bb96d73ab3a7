//! What a form of a page holds.

use std::io;

/// A form of a page: its hidden fields.
pub(crate) struct Form<'a>(&'a str);

impl<'a> Form<'a> {
    /// The form whose hidden fields hold this value, or the first with this action.
    pub(crate) fn find(page: &'a str, action: &str, hidden: Option<&str>) -> io::Result<Self> {
        let mut forms = page
            .split("<form ")
            .skip(1)
            .map(|rest| rest.split("</form>").next().unwrap_or(rest));
        let fits = |form: &&str| {
            let head = form.split('>').next().unwrap_or_default();
            head.contains(&format!("action=\"{action}\""))
                && hidden.is_none_or(|value| form.contains(&format!("value=\"{value}\"")))
        };
        let found = forms.find(fits).map(Self);
        found.ok_or_else(|| {
            let said: String = page.chars().take(4000).collect();
            io::Error::other(format!("the page has no form {action}: {said}"))
        })
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> io::Result<String> {
        let begin = format!("name=\"{name}\" value=\"");
        let value = self
            .0
            .split_once(&begin)
            .and_then(|(_, rest)| rest.split('"').next());
        let value = value.ok_or_else(|| io::Error::other(format!("the form has no field {name}")))?;
        Ok(value
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"))
    }
}
