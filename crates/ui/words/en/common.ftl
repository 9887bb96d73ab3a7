# What stands on every page.
site-name = Account help
skip-link = Skip to the content
language-switch = Language
title-problem = Problem: { $title }
footer-help = Would you rather talk to somebody? Our helpdesk will help you.
footer-never-asks = Nobody at the helpdesk will ever ask for your password or for a code.
contact-phone = Telephone
contact-mail = E-mail
reference-line = Reference for the helpdesk: { $reference }
demo-label = Demonstration
demo-no-directory = The accounts here are made up and no real directory is behind them. There are no waiting times, and limits are high.
demo-test-domain = A test domain is behind this page. There are no waiting times, and limits are high.

# Forms.
problem-summary = Please look at this again
password-show = Show
password-hide = Hide
password-show-label = Show: { $field }
password-hide-label = Hide: { $field }
seal-unable = Your browser could not protect what you typed, so nothing was sent. Please use a current browser, or contact the helpdesk.
seal-needs-script = This page protects what you type before it leaves your browser. It needs JavaScript for that. Please switch it on, or contact the helpdesk.
busy-wait = One moment …
go-back = Back
start-again = Start again
works-until = This page works until { $until }. After that you would start again.
to-first-page = To the first page

# Points in time.
time-today = { $clock }
time-clock = { $clock } { $zone }
time-zone = { $zone }
time-tomorrow = tomorrow, { $clock }
time-yesterday = yesterday, { $clock }
time-date = { $day } { $month } { $clock }
time-date-year = { $day } { $month } { $year } { $clock }
time-month =
    { $month ->
        [1] Jan
        [2] Feb
        [3] Mar
        [4] Apr
        [5] May
        [6] Jun
        [7] Jul
        [8] Aug
        [9] Sep
        [10] Oct
        [11] Nov
       *[12] Dec
    }

# The first page.
home-title = What do you need?
home-lead = You can do this yourself. It takes a few minutes.
home-set-up = Recovery is set up. You can close this page.
home-over = Your attempt is over, or your browser did not keep it. Please start again.
home-forgot = I forgot my password
home-forgot-line = Show that it is you, then choose a new one.
home-unlock = My account is locked
home-unlock-line = You know your password and only need the lock gone.
home-change = Change my password
home-change-line = You know your password, or it has expired.
home-enrol = Set up recovery
home-enrol-line = Once, while all is well, so that you can help yourself later.

# Which account.
purpose-reset = Forgotten password
purpose-unlock = Locked account
purpose-change = Change of password
purpose-enrol = Recovery set-up
identify-title = Which account is it?
identify-field = User name or e-mail
identify-hint = The name that you sign in with at work.
identify-missing = Enter your user name or your e-mail address.
identify-unusable = This cannot be a user name. Check for unusual characters and for spaces.
identify-continue = Continue
