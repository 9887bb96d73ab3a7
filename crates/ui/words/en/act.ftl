# After all proofs: the account in plain words.
act-title = Your account
act-who = That worked: you have shown that you are { $name }.
state-title = How it stands
state-locked-until = Your account is locked until { $until }.
state-locked = Your account is locked until somebody unlocks it.
state-locked-why = That happens after several wrong passwords, often from a phone or computer that still has an old one.
state-disabled = Your account is disabled. Only the helpdesk can switch it on again.
state-expired = Your account has expired ({ $at }). Only the helpdesk can extend it.
state-password-expired = Your password has expired. You need a new one to sign in.
state-must-change = Your password must be changed before you can sign in.
state-too-young = Your password is too new to be changed by you. You can change it from { $until } on.
state-password-expires = Your password is good until { $at }.
state-protected = Your account has special rights, so it cannot be recovered here. The helpdesk knows how to go on.
state-fine = Your account is in order: it is neither locked nor disabled.
act-nothing = Nothing can be done for this account here. Please contact the helpdesk; they will help you on.
act-not-locked = Your account is not locked.
act-not-locked-line = A lock often ends by itself. Try to sign in. If your password is not accepted, choose a new one:

# Unlock.
unlock-title = Unlock your account
unlock-line = Your password stays as it is.
unlock-button = Unlock account
unlock-busy = Unlocking …

# Reset and change.
reset-title = Choose a new password
reset-title-else = Or choose a new password
reset-unlocks = Your account will be unlocked along with it.
change-title = Change your password
password-current = Current password
password-current-unknown = I do not know my current password
password-new = New password
password-repeat = Repeat new password
password-tip = Easy to remember and hard to guess: four or five words that have nothing to do with each other.
password-tip-classes = Begin each word with a capital letter, and put a hyphen and a number between them, so that every kind of character is there.
password-suggest = Suggest a password
password-suggested = This password now stands in both fields. Write it down or save it before you go on:
reset-button = Set new password
change-button = Change password
password-busy = Setting it …

# Refusals. The proofs stay good.
refused-missing = Fill in every password field.
refused-mismatch = The two new passwords are not the same. Type them again.
refused-rules =
    { $n ->
        [one] Your new password does not keep this rule: { $rules }.
       *[other] Your new password does not keep these rules: { $rules }.
    }
refused-rule-field = It does not keep every rule. Look at the marked ones.
refused-min-age = Your password is too new to be changed: { $rule }.
refused-domain = Your organisation’s domain refused this password and does not say why. Try a longer one that is quite different from those you had.
refused-wrong-password =
    { $tries ->
        [0] Your current password is not right. No more tries are possible for now, so that your account is not locked.
        [one] Your current password is not right. One more try is possible.
       *[other] Your current password is not right. { $tries } more tries are possible.
    }
refused-no-more-tries = Your current password is not tried any more for now, because too many wrong ones would lock your account. Wait a while, or use “I forgot my password”.
refused-too-many-today = This has been done too often today. Try again tomorrow, or contact the helpdesk.
refused-forbidden = This service may not do that for your account. Please contact the helpdesk.
refused-away = Your organisation’s directory does not answer just now. Nothing was changed. Try again in a minute.
refused-proved = You need not prove yourself again.

# While the directory is being asked.
working-title = One moment, please
working-line = Your request is on its way to your organisation’s directory. This page shows in a few seconds how it went.
working-look = See how it went

# Done.
done-reset-title = Your new password is set
done-change-title = Your password is changed
done-unlock-title = Your account is unlocked
done-at = Done: { $at }.
done-unlocked-too = Your account was unlocked, too.
done-next-title = What to do now
done-sign-in-new = Sign in with your new password.
done-sign-in-same = Sign in with the password that you know.
done-devices-new = Enter the new password on your phone, tablet and other devices, too. Until then they keep trying the old one and could lock your account.
done-devices-same = Look for a phone or another device that still has an old password: it may have locked your account.
done-told = We have written to every address on file for you. If you did not do this yourself, use the link in that message.
done-close = You can close this page.

# Nobody knows the outcome.
unknown-title = We do not know yet whether it worked
unknown-line = Your request was sent to your organisation’s directory, but no answer came back.
unknown-check = We keep checking and write to every address on file for you when we know.
unknown-try-new = Try to sign in with the new password first.
unknown-try-old = If it is not accepted, the old one still holds: wait a few minutes, then start again here.
unknown-try-unlock = Try to sign in. If your account is still locked, wait a few minutes, then start again here.
unknown-helpdesk = If neither works, give the reference below to the helpdesk.
