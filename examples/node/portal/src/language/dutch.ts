/** Dutch. */

import type { Words } from "./words.js";

/** For whoever reads it at the help desk. */
const ASK = "Meld het de servicedesk, met de referentie hieronder.";

export const dutch: Words = {
  code: "nl",
  name: "Nederlands",

  site: "Wachtwoordportaal",
  skip: "Direct naar de inhoud",
  languages: "Taal",
  home: "Terug naar het begin",
  tryAgain: "Opnieuw proberen",
  problemPrefix: "Probleem: ",
  problemTitle: "Er is een probleem",
  cancel: "Stoppen en terug",
  helpDesk: (contact) =>
    contact === null ? "Hulp nodig? Bel de servicedesk." : `Hulp nodig? Neem contact op: ${contact}`,
  reference: "Referentie voor de servicedesk",
  demo: "Dit is een demonstratie met verzonnen accounts. Typ geen echt wachtwoord.",
  show: "Tonen",
  hide: "Verbergen",

  start: {
    title: "Wat is er met uw wachtwoord?",
    intro: "U kunt het hier zelf in orde maken.",
    change: {
      title: "Ik weet het en wil het wijzigen",
      text: "Ook als het verlopen is, of gewijzigd moet worden voordat u kunt aanmelden.",
    },
    reset: { title: "Ik ben het vergeten", text: "U krijgt een code en kiest dan een nieuw wachtwoord." },
    unlock: { title: "Mijn account is vergrendeld", text: "U krijgt een code en houdt het wachtwoord dat u hebt." },
  },
  fields: {
    name: "Gebruikersnaam",
    nameHint: "Zoals u aanmeldt, bijvoorbeeld alice of alice@corp.example.",
    current: "Huidig wachtwoord",
    new: "Nieuw wachtwoord",
    repeat: "Nieuw wachtwoord nogmaals",
    code: "Code",
    codeHint: "Acht cijfers.",
  },
  missing: {
    name: "Vul uw gebruikersnaam in.",
    current: "Vul uw huidige wachtwoord in.",
    new: "Vul een nieuw wachtwoord in.",
    repeat: "Vul het nieuwe wachtwoord nogmaals in.",
    different: "De twee nieuwe wachtwoorden zijn niet gelijk.",
    code: "Vul de code in die u hebt gekregen.",
  },
  change: {
    title: "Uw wachtwoord wijzigen",
    intro: "Vul het wachtwoord in dat u nu hebt, en het wachtwoord dat u wilt.",
    button: "Wachtwoord wijzigen",
    expired: "Dit werkt ook voor een wachtwoord dat verlopen is.",
  },
  ask: {
    resetTitle: "Een nieuw wachtwoord kiezen",
    resetIntro: "Eerst controleren we dat u het bent: we sturen een code naar het adres dat we van u kennen.",
    unlockTitle: "Uw account ontgrendelen",
    unlockIntro: "Eerst controleren we dat u het bent: we sturen een code naar het adres dat we van u kennen.",
    button: "Code sturen",
  },
  enterCode: {
    title: "Vul uw code in",
    sent: (minutes) =>
      `Als er een account met deze naam is en we er een adres van kennen, is er een code onderweg. Die is ${minutes} minuten geldig.`,
    nothing:
      "Na een paar minuten nog geen code? Controleer de gebruikersnaam en begin opnieuw. Helpt dat ook niet, bel dan de servicedesk: misschien ontbreekt het adres.",
    again: "Opnieuw beginnen",
    button: "Verder",
    wrong: "Deze code klopt niet, of is niet meer geldig. Controleer de code, of begin opnieuw voor een andere.",
    over: "Deze code kan niet meer worden gebruikt. Begin opnieuw voor een andere.",
  },
  choose: {
    title: "Een nieuw wachtwoord kiezen",
    intro: (name) => `Voor het account ${name}.`,
    button: "Nieuw wachtwoord instellen",
  },
  unlock: {
    title: "Uw account ontgrendelen",
    locked: (name) => `Het account ${name} is vergrendeld.`,
    until: (time) => `Dat eindigt vanzelf op ${time}.`,
    notLocked: (name) =>
      `Het account ${name} is niet vergrendeld. Als aanmelden niet lukt, bent u misschien uw wachtwoord vergeten of gebruikt u een oud.`,
    button: "Account ontgrendelen",
  },
  policy: {
    general: "Wat een goed wachtwoord is",
    own: "De regels voor uw account",
    generalRules: (least) => [
      `Het heeft minstens ${least} tekens. Een paar woorden samen zijn makkelijk te onthouden en moeilijk te raden.`,
      "Het heeft hoofdletters en kleine letters, en cijfers of andere tekens.",
      "Uw naam staat er niet in.",
      "U hebt het niet eerder gebruikt, hier niet en ook nergens anders.",
    ],
    unknown: "De regels kunnen nu niet worden getoond. Uw nieuwe wachtwoord wordt beoordeeld als u het verstuurt.",
    none: "Er zijn geen regels die vooraf gecontroleerd kunnen worden.",
    minLength: (count) => `Minstens ${count} tekens.`,
    complexity:
      "Drie van deze soorten: hoofdletters, kleine letters, cijfers, andere tekens. Letters uit een schrift zonder hoofdletters zijn een eigen soort.",
    names: "Niet uw gebruikersnaam, en geen deel van uw eigen naam.",
    history: (count) => (count === 1 ? "Niet uw huidige wachtwoord." : `Geen van uw laatste ${count} wachtwoorden.`),
    minAge: (duration) => `Een wachtwoord kan na ${duration} weer worden gewijzigd.`,
    maxAge: (duration) => `Het moet na ${duration} weer worden gewijzigd.`,
  },
  check: {
    checking: "Wordt gecontroleerd…",
    good: "Dit wachtwoord voldoet aan alle regels.",
    goodSoFar:
      "Dit wachtwoord voldoet aan alle regels die vooraf gecontroleerd kunnen worden. Of u het eerder hebt gebruikt, blijkt als u het verstuurt.",
    unknown: "Dit wachtwoord kan niet vooraf worden gecontroleerd. Het wordt beoordeeld als u het verstuurt.",
    failed: "Controleren lukt nu even niet. U kunt het toch versturen.",
    over: "Uw tijd hier is voorbij. Begin opnieuw.",
    different: "De twee zijn nog niet gelijk.",
    same: "De twee zijn gelijk.",
  },
  result: {
    done: {
      change_password: {
        title: "Uw wachtwoord is gewijzigd",
        text: "Gebruik vanaf nu het nieuwe, ook op uw telefoon en andere apparaten.",
      },
      reset_password: {
        title: "Uw nieuwe wachtwoord is ingesteld",
        text: "Gebruik het vanaf nu, ook op uw telefoon en andere apparaten.",
      },
      unlock_account: {
        title: "Uw account is ontgrendeld",
        text: "U kunt aanmelden met het wachtwoord dat u hebt. Een apparaat dat nog een oud wachtwoord kent, kan het account opnieuw vergrendelen: kijk op uw telefoon.",
      },
    },
    lockedAgain: {
      title: "Uw account is ontgrendeld, en weer vergrendeld",
      text: "Iets meldt zich nog aan met een oud wachtwoord. Zet het uit of geef het het nieuwe: uw telefoon, of een andere computer. Ontgrendel het account daarna opnieuw.",
    },
    next: "U kunt deze pagina sluiten.",
    unknownTitle: "We weten niet of het gelukt is",
    unknown:
      "Uw verzoek is verstuurd en er kwam geen antwoord terug. Het kan gedaan zijn, of niet. Probeer het niet zomaar opnieuw.",
    unknownPassword: [
      "Wacht vijf minuten.",
      "Meld één keer aan met het nieuwe wachtwoord.",
      "Lukt dat niet, meld dan één keer aan met het oude.",
      "Lukt geen van beide, bel dan de servicedesk en noem de referentie hieronder.",
    ],
    unknownUnlock: [
      "Wacht vijf minuten.",
      "Meld één keer aan met het wachtwoord dat u hebt.",
      "Lukt dat niet, bel dan de servicedesk en noem de referentie hieronder.",
    ],
    partlyTitle: "Uw wachtwoord is ingesteld, maar niet alles is gedaan",
    partly: `Het nieuwe wachtwoord geldt vanaf nu. Iets wat erbij hoort is mislukt. ${ASK}`,
    refusedTitle: "Het is niet gelukt",
    nothingChanged: "Er is niets gewijzigd.",
  },
  problems: {
    same: "Het is niet gelukt met deze gebruikersnaam en dit wachtwoord. Er is niets gewijzigd.",
    sameHelp:
      "Controleer beide, en de Caps Lock-toets. Na enkele pogingen wordt een uur of langer niets meer geprobeerd, zodat uw account niet wordt vergrendeld. Kies dan “Ik ben het vergeten”, of bel de servicedesk: zij kunnen de reden zien.",
    tooMany: (wait) => ({ title: "Te veel pogingen", text: `Wacht ${wait} en ga dan verder.` }),
    expired: {
      title: "Deze pagina is niet meer geldig",
      text: "Ze stond te lang open, of is al eerder verstuurd. Als u net een nieuw wachtwoord hebt verstuurd, kan het ingesteld zijn: probeer het één keer. Werkt het niet, begin dan opnieuw.",
    },
    other: {
      title: "Er zijn twee verschillende formulieren verstuurd",
      text: "Ze kwamen tegelijk. Alleen het eerste is doorgegeven; dat waarop u nu het antwoord ziet, niet. Als er in het eerste een nieuw wachtwoord stond, kan dat ingesteld zijn: probeer dat wachtwoord één keer. Werkt het niet, begin dan opnieuw.",
    },
    notFound: { title: "Deze pagina bestaat niet", text: "Misschien is het adres verkeerd getypt." },
    broken: {
      title: "Hier ging iets mis",
      text: "De fout ligt bij ons. Als u net een nieuw wachtwoord hebt verstuurd, kan het ingesteld zijn: probeer het één keer.",
    },
    over: "Uw tijd hier is voorbij, of u hebt nog geen code ingevuld. Begin opnieuw.",
  },
  codes: {
    INVALID_PASSWORD: "Dit wachtwoord kan niet worden gebruikt.",
    INVALID_IDENTITY: "Deze gebruikersnaam kan niet worden gelezen. Schrijf hem zoals u aanmeldt.",
    CONFIGURATION: `Het portaal is niet goed ingesteld. ${ASK}`,
    UNSUPPORTED: `De directory kan dit niet. ${ASK}`,
    RATE_LIMITED: "Er waren te veel pogingen. Wacht een kwartier en probeer het dan opnieuw.",
    CANCELLED: "Het is gestopt voordat er iets verstuurd was. U kunt het opnieuw proberen.",
    ACCOUNT_NOT_FOUND: "Uw account is er niet meer. Bel de servicedesk.",
    AMBIGUOUS_IDENTITY: "Er zijn meer accounts met deze naam. Bel de servicedesk.",
    ACCOUNT_DISABLED:
      "Uw account is uitgeschakeld, dus het wachtwoord kan hier niet worden gewijzigd. Bel de servicedesk.",
    ACCOUNT_EXPIRED: "Uw account is verlopen, dus het wachtwoord kan hier niet worden gewijzigd. Bel de servicedesk.",
    CHANGE_NOT_ENFORCEABLE: "Van dit account kan geen wijziging bij de volgende aanmelding worden geëist.",
    ACCOUNT_LOCKED: "Uw account is vergrendeld. Ontgrendel het eerst, of wacht tot de vergrendeling eindigt.",
    WRONG_PASSWORD: "Uw huidige wachtwoord klopt niet. Er is niets gewijzigd.",
    CHANGE_NOT_PERMITTED: "Dit account mag zijn eigen wachtwoord niet wijzigen. Bel de servicedesk.",
    POLICY_VIOLATION: "Uw nieuwe wachtwoord voldoet niet aan de regels. Kies een ander.",
    POLICY_HINTS_UNSUPPORTED: `De directory kan vroegere wachtwoorden hier niet controleren, en het portaal staat daarop. ${ASK}`,
    PROTECTED_ACCOUNT:
      "Dit account is extra beschermd en wordt hier niet opnieuw ingesteld of ontgrendeld. Bel de servicedesk.",
    OUT_OF_SCOPE: "Dit portaal gaat niet over uw account. Bel de servicedesk.",
    PERMISSION_DENIED: `Het portaal mag dit niet doen voor uw account. ${ASK}`,
    BIND_FAILED: `Het portaal zelf kon niet aanmelden bij de directory. ${ASK}`,
    INSECURE_CHANNEL: `Er is geen veilige verbinding met de directory, dus er is niets verstuurd. ${ASK}`,
    TLS: `Er is geen veilige verbinding met de directory, dus er is niets verstuurd. ${ASK}`,
    UNREACHABLE: "De directory antwoordt niet. Probeer het over een paar minuten opnieuw.",
    TIMEOUT: "De directory deed er te lang over, dus er is niets verstuurd. Probeer het over een paar minuten opnieuw.",
    READ_ONLY_DIRECTORY: `De directory kan nu alleen worden gelezen. Probeer het over een paar minuten opnieuw. ${ASK}`,
    MALFORMED_REPLY: `De directory gaf een antwoord dat niet te lezen is. ${ASK}`,
    DIRECTORY: `De directory weigerde. Probeer het over een paar minuten opnieuw. ${ASK}`,
    OUTCOME_UNKNOWN:
      "Het is verstuurd en er kwam geen antwoord: het kan gedaan zijn, of niet. Probeer het niet zomaar opnieuw.",
  },
  reasons: {
    empty: "Het is leeg.",
    contains_nul: "Er staat een teken in (U+0000) dat geen toetsenbord typt.",
    too_long: "Het heeft meer dan 256 tekens.",
    not_unicode: "Er staan tekens in die geen geldige tekst zijn.",
    unreadable: "De vorm is niet bekend.",
    not_accepted: "Deze vorm wordt hier niet aangenomen.",
    password_never_expires: "Het wachtwoord is zo ingesteld dat het nooit verloopt.",
    cannot_change: "Het account is zo ingesteld dat de gebruiker het wachtwoord niet kan wijzigen.",
    smartcard_required: "Het account meldt alleen aan met een smartcard.",
    wrong_credentials: "De gebruikersnaam of het wachtwoord van het portaal klopt niet.",
    no_password: "Het eigen wachtwoord van het portaal was niet te krijgen.",
    password_expired: "Het eigen wachtwoord van het portaal is verlopen.",
    must_change_password: "Het eigen wachtwoord van het portaal moet eerst worden gewijzigd.",
    locked_out: "Het eigen account van het portaal is vergrendeld.",
    disabled: "Het eigen account van het portaal is uitgeschakeld.",
    expired: "Het eigen account van het portaal is verlopen.",
    logon_restricted: "Het eigen account van het portaal mag nu niet aanmelden, of niet vanaf hier.",
    signing_required: "De directory wil ondertekende verbindingen.",
    channel_binding_required: "De directory wil channel binding.",
    channel_binding_mismatch: "Iets tussen het portaal en de directory beëindigt de versleuteling.",
    channel_binding_undefined: "Het certificaat van de directory is zo ondertekend dat channel binding niet kan.",
    clock_skew: "De klokken van het portaal en de directory verschillen te veel.",
    ticket_expired: "Het eigen ticket van het portaal is verlopen.",
    unknown_spn: "De directory kent haar eigen servicenaam niet.",
    unknown_principal: "De directory kent het eigen account van het portaal niet.",
    no_credentials: "Het portaal heeft geen sleutel of ticket dat bruikbaar is.",
    wrong_key: "De eigen sleutel van het portaal is verouderd.",
    revoked: "Het eigen account van het portaal is uitgeschakeld, vergrendeld of verlopen.",
    kdc_unreachable: "De dienst die tickets uitgeeft antwoordt niet.",
    ticket_refused: "De directory nam het eigen ticket van het portaal niet aan.",
    unknown_issuer: "Het certificaat van de directory komt van een instantie die niet wordt vertrouwd.",
    certificate_expired: "Het certificaat van de directory is verlopen.",
    certificate_not_yet_valid: "Het certificaat van de directory is nog niet geldig.",
    wrong_name: "Het certificaat van de directory is voor een andere naam.",
    certificate_revoked: "Het certificaat van de directory is ingetrokken.",
    bad_certificate: "Het certificaat van de directory is niet in orde.",
    handshake_failed: "De twee kanten hebben geen versleuteling gemeen.",
    start_tls_refused: "De directory weigert te versleutelen.",
  },
  rules: {
    min_length: ({ limit }) => (limit === null ? "Het is te kort." : `Het is te kort: minstens ${limit} tekens.`),
    complexity: () => "Het heeft drie van deze nodig: hoofdletters, kleine letters, cijfers, andere tekens.",
    account_name: () => "Uw gebruikersnaam staat erin.",
    display_name: () => "Een deel van uw naam staat erin.",
    history: ({ limit }) =>
      limit === null || limit < 2
        ? "U hebt het eerder gebruikt."
        : `U hebt het eerder gebruikt: het mag geen van uw laatste ${limit} wachtwoorden zijn.`,
    min_age: ({ duration, retryAt }) =>
      [
        "Uw huidige wachtwoord is te nieuw om weer te wijzigen.",
        duration === null ? "" : `Het moet ${duration} oud zijn.`,
        retryAt === null ? "Probeer het morgen opnieuw." : `U kunt het wijzigen vanaf ${retryAt}.`,
      ]
        .filter((part) => part !== "")
        .join(" "),
    filter: () => "Het staat op de lijst van woorden en patronen die te makkelijk te raden zijn.",
    unknown: () => "De directory zegt niet welke regel. Kies een langer wachtwoord, anders dan u eerder had.",
  },
  oneOf: "De directory zegt niet waarom. Het is een van deze:",
  protections: {
    krbtgt: "Het hoort bij de directory zelf.",
    trust: "Het hoort bij een ander domein.",
    computer: "Het is van een computer.",
    managed_service_account: "De directory beheert zelf het wachtwoord.",
    protected_group: "Het zit in een groep van beheerders.",
    admin_count: "Het is, of was ooit, van een beheerder.",
    service_account: "Het is van het portaal zelf.",
  },
  warnings: {
    expired_at_once:
      "Het nieuwe wachtwoord staat al als verlopen te boek: bij het aanmelden wordt u om een ander gevraagd.",
    account_disabled: "Het account is uitgeschakeld: u kunt nog niet aanmelden. Bel de servicedesk.",
    account_expired: "Het account is verlopen: u kunt nog niet aanmelden. Bel de servicedesk.",
    still_locked: "Het account is nog vergrendeld. Wacht tot de vergrendeling eindigt, of ontgrendel het hier.",
    unlock_not_permitted:
      "Het portaal mag uw account niet ontgrendelen. Als het vergrendeld was, is het dat nog: bel de servicedesk.",
  },
};
