# Choosing a way to prove who one is.
choose-title = How can you show that it is you?
choose-title-next = One more proof, please
choose-lead = Choose a way that you have set up. All ways are shown here, also those that you have not set up.
choose-lead-next = That worked. Your organisation asks for a second, different proof.
method-totp = Authenticator app
method-totp-line = The six digits that the app on your phone shows now.
method-email-code = E-mail code
method-email-code-line = A code to an address that you confirmed earlier.
method-recovery-code = Recovery code
method-recovery-code-line = One of the codes that you printed or wrote down.
method-invitation = Invitation
method-invitation-line = A code from a letter, your manager or an administrator.
choose-none-title = None of these works for you?
choose-none = Our helpdesk will help you:

# Asking for a code.
send-title = Get a code by e-mail
send-lead = If this account has a verified address, we send an eight-digit code there. It is good for ten minutes.
send-button = Send code
send-again = Send a new code
send-again-line = Nothing there after two minutes? A new code makes the earlier one void.
send-on-its-way = If this account has a verified address, a code is on its way.
send-again-done = If this account has a verified address, a new code is on its way. Only the newest one works.
send-limit =
    { $n ->
        [one] At most one is sent in an hour.
       *[other] At most { $n } are sent in an hour.
    }

# Entering it.
prove-totp-title = Enter the code from your app
prove-totp-hint = Six digits. A new code appears every 30 seconds.
prove-email-title = Enter the code from the e-mail
prove-email-hint = Eight digits. Check your spam folder, too.
prove-recovery-title = Enter a recovery code
prove-recovery-hint = Each code works once. Capital letters and hyphens do not matter.
prove-invitation-title = Enter your invitation code
prove-invitation-hint = Capital letters and hyphens do not matter.
prove-first-title = Two things show that it is you
prove-code = Code
prove-invitation-code = Invitation code
prove-current-hint = The password that you sign in with now. An expired one will do.
prove-verify = Verify
prove-verifying = Checking …
prove-other = Use another way
prove-wrong = This was not accepted. Check what you typed and try again.
prove-wrong-more = If it keeps happening, use another way, or start again and check your user name, too.
prove-wrong-sent = After a few wrong tries a code stops working: send a new one.
prove-wrong-app = Wait for the next code, and check that the clock of your phone is right. After many wrong codes this way rests until the next day.
prove-missing = Enter the code.
prove-missing-password = Enter your current password, too.
prove-cancel = Stop and start again
