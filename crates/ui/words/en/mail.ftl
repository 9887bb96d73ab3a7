# Mails, as plain text. A code is never in the subject.
mail-purpose-reset = set a new password
mail-purpose-unlock = unlock your account
mail-purpose-change = change your password
mail-purpose-enrol = set up recovery
mail-purpose-confirm = confirm this mailbox
mail-code-subject = { $organisation }: your code to { $purpose }
mail-code-body =
    Your code to { $purpose } at { $organisation }:

        { $code }

    It is good until { $until }, once, and only on the page where you asked for it.

    It was asked for at { $time }, from { $place }.

    If that was not you, do nothing: without this code nothing happens. Give it to nobody. The helpdesk will never ask you for it.
mail-reset-subject = { $organisation }: your password was reset
mail-reset-what = A new password was set for your account at { $organisation }.
mail-changed-subject = { $organisation }: your password was changed
mail-changed-what = The password of your account at { $organisation } was changed.
mail-unlocked-subject = { $organisation }: your account was unlocked
mail-unlocked-what = Your account at { $organisation } was unlocked.
mail-unknown-subject = { $organisation }: it is not clear whether your password was changed
mail-unknown-what = Somebody who proved to be you asked { $organisation } to change your account. The directory did not answer, so we do not know whether it happened. Try to sign in; if that fails, start again or call the helpdesk.
mail-factor-added-subject = { $organisation }: a way to recover was added
mail-factor-added-what = A new way to recover your account at { $organisation } was set up.
mail-factor-removed-subject = { $organisation }: a way to recover was removed
mail-factor-removed-what = A way to recover your account at { $organisation } was removed.
mail-notice-body =
    { $what }

    When: { $time }
    From: { $place }

    Was that you? Then there is nothing to do.

    Was it not you? Open this page at once and press the button. It stops self-service for your account until the helpdesk has spoken to you:

    { $link }

    Helpdesk: { $helpdesk }

    Nobody at the helpdesk will ever ask for your password or for a code.
mail-frozen-subject = { $organisation }: self-service for your account was stopped
mail-frozen-body =
    Somebody opened the link in one of our mails to you ({ $time }) and said: this was not me. Since then self-service for your account at { $organisation } is stopped: nobody can set, change or unlock anything through our pages.

    Please call the helpdesk. Only the helpdesk allows self-service again, once it knows that it is speaking with you.

    Helpdesk: { $helpdesk }

    Nobody at the helpdesk will ever ask for your password or for a code.
mail-sprayed-subject = { $organisation }: proofs failed at { $accounts } accounts
mail-sprayed-network =
    Within this hour proofs failed at { $accounts } accounts of { $organisation }, all from the network { $whose } ({ $time }).

    Somebody may be trying one guess at everybody. No account is locked by this, and each account's own limits hold. Look into the audit and the portal's log; the network can be shut out in front of the portal.
mail-sprayed-all =
    Within this hour proofs failed at { $accounts } accounts of { $organisation } ({ $time }).

    Somebody may be trying one guess at everybody, from many networks. No account is locked by this, and each account's own limits hold. Look into the audit and the portals' logs.
mail-sprayed-portal =
    Within this hour proofs failed at { $accounts } accounts of { $organisation } through the portal { $whose } ({ $time }). The portal is paused: nobody can recover through it.

    When you know why, let it serve again:

        core-api portal resume { $whose }
mail-site-alarm-subject = { $organisation }: alarm { $what } at the site { $site }
mail-site-alarm-body =
    { $site }: { $sentence }.

    Alarm: { $what }
    About: { $about }
    Since: { $time }

    No other mail tells of this alarm at this site while it stands. What stands:

    core-api site list
mail-invitation-subject = { $organisation }: set up recovery for your account
mail-invitation-body =
    You are invited to set up recovery for your account { $account } at { $organisation }. With it you can help yourself if you forget your password or are locked out.

    1. Open { $page }
    2. Enter your user name.
    3. Choose “Invitation” and enter this code, together with your current password:

        { $code }

    The code is good until { $until }, once. Give it to nobody.

    Did you not expect this message? Ask the helpdesk: { $helpdesk }
mail-message-subject = { $organisation }: a message for you
mail-message-body =
    { $organisation } has a confidential message for you. Open it here:

        { $link }

    { $readings ->
        [one] It can be opened once, until { $until }. Afterwards it is gone, so have at hand what you need to keep it.
       *[other] It can be opened { $readings } times, until { $until }. Afterwards it is gone, so have at hand what you need to keep it.
    }

    { $key }

    Did you not expect this message? Do not open it, and ask: { $helpdesk }
mail-message-passphrase = You need a passphrase for it. You are told it in another way, by telephone for example, and never by mail.
mail-message-link-only = Whoever has this link can open the message. Do not forward this mail.
mail-news-opened-subject = { $organisation }: your message was opened
mail-news-opened-what = Your message was opened.
mail-news-beyond-subject = { $organisation }: your message was opened when it should not have been
mail-news-beyond-what = Your message was opened more often than allowed, or after its end. Treat what was in it as known to others, and tell your helpdesk.
mail-news-locked-subject = { $organisation }: your message is locked
mail-news-locked-what = Somebody who has the link gave a wrong passphrase too often. Nobody can open the message until you unlock it, which can be done once, or you destroy it.
mail-news-expired-subject = { $organisation }: your message was not read
mail-news-expired-what = Your message expired and nobody had opened it. Its content is gone. Send it again if it is still needed.
mail-news-lost-subject = { $organisation }: your message may have been read, or not
mail-news-lost-what = The site that held your message lost what it knew. The message may or may not have been read, and it cannot be opened any more. If what it held can be changed, such as a password, change it and send it again.
mail-news-not-sent-subject = { $organisation }: your message was not sent
mail-news-not-sent-what = Your message did not get to the site, and nobody can open it. Send it again.
mail-news-not-mailed-subject = { $organisation }: the mail with your message's link could not be delivered
mail-news-not-mailed-what = The mail with the link could not be delivered, and is not tried any more. Nobody outside has the link. Send the message again, to another address or as a link that you hand over yourself.
mail-news-arrived-subject = { $organisation }: something came in by your drop box
mail-news-arrived-what = Somebody put into your drop box what you asked for. Open it inside; it is erased once you have.
mail-news-drop-lost-subject = { $organisation }: your drop box was lost
mail-news-drop-lost-what = The site lost your drop box, or what was put into it arrived damaged. What somebody may have put in cannot be opened. Ask for it again with a new drop box.
mail-news-body =
    { $what }

    When: { $time }
    From: { $place }
    Message: { $message }
    For: { $recipient }
    Reason: { $reason }

    This mail was sent by { $organisation }. It holds nothing of the content and no link.
