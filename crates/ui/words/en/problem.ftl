# Pages that say why it does not go on, and what to do.
problem-over-title = This attempt is over
problem-over = It was finished, stopped, or open for more than 15 minutes. Just start again; nothing is lost.
problem-stale-title = This page was too old
problem-stale = Nothing was lost and no try was used up. Go on with the current page.
problem-stale-here = The page that you sent was out of date, for example because another tab went on. Nothing was lost and no try was used up. Go on here.
problem-stale-go = Go on
problem-malformed-title = We could not read that
problem-malformed = Something in what your browser sent was not as expected. Please start again.
problem-too-large-title = That was too much text
problem-too-large = What was sent is larger than anything that belongs here. Please go back and enter less.
problem-too-slow-title = That took too long
problem-too-slow = Your connection was too slow or broke off. Please try again.
problem-not-found-title = There is no such page
problem-not-found = The address may be mistyped or out of date.
problem-cross-site-title = Please start from the first page
problem-cross-site = Your request came from another website, or your browser does not say where it came from. To protect you, nothing was done.
problem-paused-title = Self-service is paused
problem-paused = Somebody in charge has stopped it for now, to protect all accounts. Please contact the helpdesk.
problem-too-soon-title = Please come back later
problem-too-soon = Your account was recovered less than a day ago. To protect you, your ways to recover stay as they are until then.
problem-other-proof-title = Please prove who you are in another way
problem-other-proof = This change takes a proof that does not use what you want to change. Please start again and choose another way.
problem-unexpected-title = Something went wrong on our side
problem-unexpected = It is not your fault. Please try again in a minute. If it happens again, contact the helpdesk with the reference below.

away-title = We cannot help you right now
away-line = Our system cannot be reached at the moment. Nothing happened to your account, and neither a code nor a try has been used up.
away-next = Please try again in a few minutes. If it is urgent, contact the helpdesk:
away-again = Try again

slow-title = A little slower, please
slow-line =
    { $seconds ->
        [one] Many requests came from your network. Please wait one second, then go on.
       *[other] Many requests came from your network. Please wait { $seconds } seconds, then go on.
    }
slow-line-long =
    { $minutes ->
        [one] Many requests came from your network. Please wait one minute, then go on.
       *[other] Many requests came from your network. Please wait { $minutes } minutes, then go on.
    }
slow-safe = Your account is not locked by this, and nothing that you have proved is lost.

# "This was not me".
notme-title = This was not you?
notme-line = Then press the button. Nobody can recover or change your account by self-service any more until the helpdesk has spoken to you.
notme-call = Call the helpdesk as well if you think that somebody else knows your password.
notme-code = Code from the message
notme-code-hint = If the field is empty: the letters after “#” in the link.
notme-missing = Enter the code from the message, or open its link again.
notme-button = This was not me
notme-busy = Stopping …
notme-done-title = Thank you for telling us
notme-done = Self-service is stopped for your account now, provided that the link was complete and still good. A message then says so to every address on file for you.
notme-done-call = If in doubt, call the helpdesk at once. Only they lift it again, when they know that they are speaking with you.
