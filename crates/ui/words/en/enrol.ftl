# What somebody can recover with.
factors-title = Your ways to recover
factors-lead = If you forget your password one day, you get back in with these.
factors-none = You have not set up anything yet.
factors-since = Since { $since }
factors-counts-from = Counts from { $from } on. The wait protects you if somebody else adds one.
factors-remove = Remove
factors-remove-label = Remove: { $factor }
factors-add-title = Add a way
factors-codes-left =
    { $n ->
        [one] one left
       *[other] { $n } left
    }
factors-nothing-pending = There was nothing left to confirm: the code was tried too often or is too old. Ask for a new one.
factors-todo-title = To do
factors-todo-lead = You cannot help yourself yet. A recovery takes these proofs, each with something else:
factors-todo-finish = You could help yourself already. One thing is left:
factors-todo-codes = Recovery codes, which help even without your phone and your mailbox
factors-todo-proof = Proof { $n }: { $ways }
factors-todo-or = { $one } or { $other }
factors-todo-done = done
factors-complete = All that is needed is set up.
factors-finish-early = You can come back later, but until the list above is done you cannot rely on this.
factors-pending-email = We sent a code to the new address. Enter it to finish.
factors-pending-email-go = Enter the code
factors-added = It is set up. We have told every address on file for you.
factors-removed = It is removed. We have told every address on file for you.
factors-last = This is your only way to recover. Set up another one first.
factors-finish = I am done
factors-finish-later = Stop here for now
factor-totp = Authenticator app
factor-codes = Recovery codes
factor-email = E-mail address
add-totp = Add an authenticator app
add-totp-line = An app on your phone that shows six digits.
add-codes = Make recovery codes
add-codes-line = Ten codes on paper. They replace earlier ones as soon as they count.
add-email = Add an e-mail address
add-email-line = A private mailbox that you can open without this password.

# Authenticator app.
totp-title = Add an authenticator app
totp-step-scan = Show the picture and scan it
totp-step-scan-line = Open your authenticator app, choose “add” and point the camera at the picture.
totp-show = Show the picture
totp-showing = Making it …
totp-qr = Picture to scan with the authenticator app. The text below it says the same.
totp-no-camera = No camera at hand? Type this into the app instead:
totp-on-this-phone = Open in the app on this phone
totp-step-code = Enter the code that the app shows
totp-wrong = This code was not right. Check that the clock of your phone is right, wait for the next code and try again.
totp-again-title = Is there no entry for this account in your app?
totp-again-line = Let us show a new picture. An entry that you scanned earlier then becomes useless: delete it.
totp-again = Show a new picture
totp-needs-script = The secret for the app is opened in your browser only, so this page needs JavaScript. An e-mail address can be added without it.
totp-reload = The picture is shown one time only. If you lose it, you get a new one here.

# Recovery codes.
codes-title = Make recovery codes
codes-lead = Ten codes, each good for one time. Keep them where you keep important papers, not on the computer that they are for.
codes-void = Codes that you made earlier stay good until the new ones count, and are void then.
codes-show = Make the codes
codes-showing = Making them …
codes-once = They are shown this one time only.
codes-list = Your recovery codes
codes-copy = Copy
codes-copied = Copied
codes-sheet = Recovery codes of { $account } at { $organisation }, made { $time }
codes-sheet-use = To use one, open:
codes-print = Print
codes-kept = I have kept these codes safe
codes-done = Finish
codes-needs-script = The codes are opened in your browser only, so this page needs JavaScript.
secret-failed = That did not work. Nothing was set up. Reload the page and try again.

# E-mail address.
email-title = Add an e-mail address
email-lead = Take a private address. A mailbox that opens with the password you may forget does not help you.
email-field = E-mail address
email-unusable = Codes cannot be sent to this address. It is mistyped, or set up already, or one of your organisation’s, which you could not open without your password.
email-missing = Enter an e-mail address.
email-code-title = Enter the code that we sent you
email-code-lead = We sent an eight-digit code to the address that you gave. It is good for ten minutes.
email-code-again = Nothing there after two minutes? Check your spam folder, then enter the address again and we send a new code.
email-code-again-go = Send a new code
email-code-wrong = This code was not right. Check it and try again. After a few wrong tries a code stops working: send a new one.

# Taking one away.
remove-title = Remove “{ $factor }”?
remove-line = You can no longer recover with it. Every address on file for you is told.
remove-button = Remove
remove-busy = Removing …
remove-keep = Keep it
