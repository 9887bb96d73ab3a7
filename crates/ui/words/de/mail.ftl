# Mails, als einfacher Text. Ein Code steht nie im Betreff.
mail-purpose-reset = Setzen eines neuen Passworts
mail-purpose-unlock = Entsperren Ihres Kontos
mail-purpose-change = Ändern Ihres Passworts
mail-purpose-enrol = Einrichten der Wiederherstellung
mail-purpose-confirm = Bestätigen dieses Postfachs
mail-code-subject = { $organisation }: Ihr Code zum { $purpose }
mail-code-body =
    Ihr Code zum { $purpose } bei { $organisation }:

        { $code }

    Er gilt bis { $until }, einmal, und nur auf der Seite, auf der Sie ihn angefordert haben.

    Angefordert wurde er: { $time }, von { $place }.

    Wenn Sie das nicht waren, müssen Sie nichts tun: Ohne diesen Code passiert nichts. Geben Sie ihn niemandem. Der Helpdesk fragt Sie niemals danach.
mail-reset-subject = { $organisation }: Ihr Passwort wurde zurückgesetzt
mail-reset-what = Für Ihr Konto bei { $organisation } wurde ein neues Passwort gesetzt.
mail-changed-subject = { $organisation }: Ihr Passwort wurde geändert
mail-changed-what = Das Passwort Ihres Kontos bei { $organisation } wurde geändert.
mail-unlocked-subject = { $organisation }: Ihr Konto wurde entsperrt
mail-unlocked-what = Ihr Konto bei { $organisation } wurde entsperrt.
mail-unknown-subject = { $organisation }: Es ist unklar, ob Ihr Passwort geändert wurde
mail-unknown-what = Jemand, der sich als Sie ausgewiesen hat, wollte bei { $organisation } Ihr Konto ändern. Das Verzeichnis hat nicht geantwortet, deshalb wissen wir nicht, ob es geschehen ist. Versuchen Sie, sich anzumelden. Klappt das nicht, beginnen Sie neu oder rufen Sie den Helpdesk an.
mail-factor-added-subject = { $organisation }: Ein Weg zur Wiederherstellung wurde hinzugefügt
mail-factor-added-what = Für Ihr Konto bei { $organisation } wurde ein neuer Weg zur Wiederherstellung eingerichtet.
mail-factor-removed-subject = { $organisation }: Ein Weg zur Wiederherstellung wurde entfernt
mail-factor-removed-what = Für Ihr Konto bei { $organisation } wurde ein Weg zur Wiederherstellung entfernt.
mail-notice-body =
    { $what }

    Wann: { $time }
    Von: { $place }

    Waren Sie das? Dann müssen Sie nichts tun.

    Waren Sie es nicht? Öffnen Sie sofort diese Seite und drücken Sie den Knopf. Er stoppt die Selbsthilfe für Ihr Konto, bis der Helpdesk mit Ihnen gesprochen hat:

    { $link }

    Helpdesk: { $helpdesk }

    Der Helpdesk fragt Sie niemals nach Ihrem Passwort oder nach einem Code.
mail-frozen-subject = { $organisation }: Die Selbsthilfe für Ihr Konto wurde gestoppt
mail-frozen-body =
    Jemand hat den Link in einer unserer Nachrichten an Sie geöffnet ({ $time }) und gesagt: Das war ich nicht. Seitdem ist die Selbsthilfe für Ihr Konto bei { $organisation } gestoppt: Niemand kann über unsere Seiten etwas setzen, ändern oder entsperren.

    Bitte rufen Sie den Helpdesk an. Nur er gibt die Selbsthilfe wieder frei, sobald er weiß, dass er mit Ihnen spricht.

    Helpdesk: { $helpdesk }

    Der Helpdesk fragt Sie niemals nach Ihrem Passwort oder nach einem Code.
mail-sprayed-subject = { $organisation }: Nachweise an { $accounts } Konten fehlgeschlagen
mail-sprayed-network =
    In dieser Stunde schlugen Nachweise an { $accounts } Konten von { $organisation } fehl, alle aus dem Netz { $whose } ({ $time }).

    Vielleicht rät jemand bei allen einmal. Dadurch wird kein Konto gesperrt, und die Grenzen jedes Kontos gelten. Sehen Sie in das Audit und in das Protokoll des Portals; das Netz lässt sich vor dem Portal aussperren.
mail-sprayed-all =
    In dieser Stunde schlugen Nachweise an { $accounts } Konten von { $organisation } fehl ({ $time }).

    Vielleicht rät jemand bei allen einmal, aus vielen Netzen. Dadurch wird kein Konto gesperrt, und die Grenzen jedes Kontos gelten. Sehen Sie in das Audit und in die Protokolle der Portale.
mail-sprayed-portal =
    In dieser Stunde schlugen über das Portal { $whose } Nachweise an { $accounts } Konten von { $organisation } fehl ({ $time }). Das Portal ist angehalten: Niemand kann sich dort helfen.

    Sobald Sie den Grund kennen, geben Sie es wieder frei:

        core-api portal resume { $whose }
mail-site-alarm-subject = { $organisation }: Alarm { $what } am Server { $site }
mail-site-alarm-body =
    { $site }: { $sentence }.

    Alarm: { $what }
    Betrifft: { $about }
    Seit: { $time }

    Solange der Alarm an diesem Server besteht, meldet ihn keine weitere Mail. Was besteht:

    core-api site list
mail-invitation-subject = { $organisation }: Richten Sie die Wiederherstellung für Ihr Konto ein
mail-invitation-body =
    Sie sind eingeladen, die Wiederherstellung für Ihr Konto { $account } bei { $organisation } einzurichten. Damit können Sie sich selbst helfen, wenn Sie Ihr Passwort vergessen haben oder gesperrt sind.

    1. Öffnen Sie { $page }
    2. Geben Sie Ihren Benutzernamen ein.
    3. Wählen Sie „Einladung“ und geben Sie diesen Code ein, zusammen mit Ihrem aktuellen Passwort:

        { $code }

    Der Code gilt bis { $until }, einmal. Geben Sie ihn niemandem.

    Sie haben diese Nachricht nicht erwartet? Fragen Sie den Helpdesk: { $helpdesk }
mail-message-subject = { $organisation }: Eine Nachricht für Sie
mail-message-body =
    { $organisation } hat eine vertrauliche Nachricht für Sie. Öffnen Sie sie hier:

        { $link }

    { $readings ->
        [one] Sie lässt sich einmal öffnen, bis { $until }. Danach ist sie weg. Halten Sie bereit, was Sie brauchen, um den Inhalt zu behalten.
       *[other] Sie lässt sich { $readings } Mal öffnen, bis { $until }. Danach ist sie weg. Halten Sie bereit, was Sie brauchen, um den Inhalt zu behalten.
    }

    { $key }

    Sie haben diese Nachricht nicht erwartet? Öffnen Sie sie nicht und fragen Sie nach: { $helpdesk }
mail-message-passphrase = Sie brauchen dazu eine Passphrase. Sie erfahren sie auf einem anderen Weg, zum Beispiel am Telefon, und niemals per Mail.
mail-message-link-only = Wer diesen Link hat, kann die Nachricht öffnen. Leiten Sie diese Mail nicht weiter.
mail-news-opened-subject = { $organisation }: Ihre Nachricht wurde geöffnet
mail-news-opened-what = Ihre Nachricht wurde geöffnet.
mail-news-beyond-subject = { $organisation }: Ihre Nachricht wurde unerlaubt geöffnet
mail-news-beyond-what = Ihre Nachricht wurde öfter geöffnet als erlaubt oder nach ihrem Ende. Behandeln Sie den Inhalt als fremden Augen bekannt und verständigen Sie Ihren Helpdesk.
mail-news-locked-subject = { $organisation }: Ihre Nachricht ist gesperrt
mail-news-locked-what = Jemand, der den Link hat, hat zu oft eine falsche Passphrase eingegeben. Niemand kann die Nachricht öffnen, bis Sie sie freigeben, was einmal möglich ist, oder sie vernichten.
mail-news-expired-subject = { $organisation }: Ihre Nachricht wurde nicht gelesen
mail-news-expired-what = Ihre Nachricht ist abgelaufen, und niemand hatte sie geöffnet. Ihr Inhalt ist gelöscht. Senden Sie sie neu, wenn sie noch gebraucht wird.
mail-news-lost-subject = { $organisation }: Ihre Nachricht wurde vielleicht gelesen, vielleicht nicht
mail-news-lost-what = Der Server, auf dem Ihre Nachricht lag, hat verloren, was er wusste. Die Nachricht wurde vielleicht gelesen, vielleicht nicht, und lässt sich nicht mehr öffnen. Wenn sich ändern lässt, was darin stand, etwa ein Passwort, dann ändern Sie es und senden es neu.
mail-news-not-sent-subject = { $organisation }: Ihre Nachricht wurde nicht gesendet
mail-news-not-sent-what = Ihre Nachricht ist nicht beim Server angekommen, und niemand kann sie öffnen. Senden Sie sie neu.
mail-news-not-mailed-subject = { $organisation }: Die Mail mit dem Link zu Ihrer Nachricht ließ sich nicht zustellen
mail-news-not-mailed-what = Die Mail mit dem Link ließ sich nicht zustellen und wird nicht weiter versucht. Niemand außerhalb hat den Link. Senden Sie die Nachricht neu, an eine andere Adresse oder als Link, den Sie selbst übergeben.
mail-news-arrived-subject = { $organisation }: In Ihrem Einwurf liegt etwas
mail-news-arrived-what = Jemand hat eingeworfen, worum Sie gebeten haben. Öffnen Sie es intern; danach wird es gelöscht.
mail-news-drop-lost-subject = { $organisation }: Ihr Einwurf ist verloren
mail-news-drop-lost-what = Der Server hat Ihren Einwurf verloren, oder was eingeworfen wurde, kam beschädigt an. Was jemand vielleicht eingeworfen hat, lässt sich nicht öffnen. Bitten Sie mit einem neuen Einwurf noch einmal darum.
mail-news-body =
    { $what }

    Wann: { $time }
    Von: { $place }
    Nachricht: { $message }
    Für: { $recipient }
    Grund: { $reason }

    Diese Mail kommt von { $organisation }. Sie enthält nichts vom Inhalt und keinen Link.
