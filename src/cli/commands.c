/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

/*
 * The command table. To add a command: a row here, its name in commands.h, its function in a file of its own,
 * then renew tests/golden/cli_help.txt. Help, man page and completion follow.
 */

#define SERVER COMMAND_SERVER
#define OUTPUT COMMAND_OUTPUT
#define CSV    COMMAND_CSV

/* clang-format off */
#define LABEL {"label", 0, OPTION_REPEATED, "NAME=VALUE", "a label; may be repeated"}
#define DESCRIPTION_FILE {"file", 'f', OPTION_VALUE, "FILE", "the description, JSON or YAML; - is standard input"}
#define DRY_RUN {"dry-run", 0, OPTION_FLAG, NULL, "only check the description"}
#define IF_REVISION {"if-revision", 0, OPTION_VALUE, "N", "only while it has this revision"}
#define SKIP_VERIFY {"skip-verify", 0, OPTION_FLAG, NULL, "do not verify certificates of targets"}
#define VERIFY {"verify", 0, OPTION_FLAG, NULL, "verify them"}
#define DEFAULT_VERIFY {"default-verify", 0, OPTION_FLAG, NULL, "leave it to the application, or the server"}
#define ENCODE_URL {"encode-url", 0, OPTION_VALUE, "MODE", "on, off or default: decode paths and encode them again"}
#define TENANT {"tenant", 0, OPTION_VALUE, "T", "tenant (central mode)"}

static const struct command rows[] = {
    {.name = "serve", .arguments = "", .flags = SERVER, .run = command_serve,
     .summary = "Run the server",
     .details = "Runs in the foreground; stop it with Ctrl-C or SIGTERM, make it read its\n"
                "configuration again with SIGHUP. Without configuration it listens on 127.0.0.1:8080\n"
                "(operators), 0.0.0.0:8443 (tokens) and 0.0.0.0:9443 (certificates).",
     .example = "fairlead serve --data ./data --set url.domain=fairlead.example.com"},

    {.name = "app create", .arguments = "NAME", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_app_create,
     .summary = "Create an application",
     .details = "A name has 1 to 64 characters, none of , = + / and no control characters: it\n"
                "becomes the CN of the application's certificates.",
     .example = "fairlead app create shop --description 'web shop, team blue'",
     .options = {{"description", 0, OPTION_VALUE, "TEXT", "for people"}, LABEL, TENANT}},
    {.name = "app list", .arguments = "[TEXT]", .most = 1, .flags = SERVER | CSV, .run = command_app_list,
     .summary = "List applications (whose name contains TEXT)"},
    {.name = "app show", .arguments = "NAME", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_app_show,
     .summary = "Show an application: labels, services, certificates", .options = {TENANT}},
    {.name = "app update", .arguments = "NAME", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_app_update,
     .summary = "Change an application: description, labels, how its targets are called",
     .details = "What is not named stays as it is. --skip-verify, --verify and --encode-url hold for the\n"
                "application's services that do not say it themselves.",
     .example = "fairlead app update shop --label region=eu --remove-label trial",
     .options = {{"description", 0, OPTION_VALUE, "TEXT", "for people"}, LABEL,
                 {"remove-label", 0, OPTION_REPEATED, "NAME", "a label to take away; may be repeated"},
                 SKIP_VERIFY, VERIFY, DEFAULT_VERIFY, ENCODE_URL, TENANT}},
    {.name = "app delete", .arguments = "NAME", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_app_delete,
     .summary = "Delete an application with its services, and revoke its certificates",
     .options = {TENANT, {"yes", 'y', OPTION_FLAG, NULL, "do not ask"}}},

    {.name = "service list", .arguments = "[APP]", .most = 1, .flags = SERVER | CSV, .run = command_service_list,
     .summary = "List what an application (or every one) has registered",
     .details = "Filters are looked for in the text, without regard to case.",
     .example = "fairlead service list shop --label region=eu",
     .options = {{"name", 0, OPTION_VALUE, "TEXT", "name contains"},
                 {"provider", 0, OPTION_VALUE, "TEXT", "provider contains"},
                 {"target", 0, OPTION_VALUE, "TEXT", "target URL contains"},
                 {"label", 0, OPTION_VALUE, "NAME[=VALUE]", "has this label"},
                 {"limit", 'n', OPTION_VALUE, "N", "at most so many"},
                 TENANT}},
    {.name = "service register", .arguments = "APP -f FILE", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_service_register,
     .summary = "Register an API or events, with how to authenticate",
     .details = "FILE holds what the Metadata API takes, as JSON or YAML: provider, name,\n"
                "description, api (targetUrl, credentials, spec or specificationUrl, ...), events.\n"
                "In YAML a specification may stand as a block of text (spec: |).",
     .example = "fairlead service register shop -f orders.yaml --dry-run",
     .options = {DESCRIPTION_FILE, DRY_RUN, TENANT}},
    {.name = "service show", .arguments = "APP ID", .least = 2, .most = 2, .flags = SERVER | OUTPUT, .run = command_service_show,
     .summary = "Show a service; its secrets are masked", .options = {TENANT}},
    {.name = "service update", .arguments = "APP ID", .least = 2, .most = 2, .flags = SERVER | OUTPUT, .run = command_service_update,
     .summary = "Replace a service's description, or change how it is called",
     .details = "With -f the whole description, as for `service register`; ******** in place of a secret\n"
                "leaves that secret as it is. Without it, how the target is called: no description says\n"
                "that, and none changes it.",
     .example = "fairlead service update shop 3bb33152-1bdb-4d68-b267-3fd239633d7b -f orders.json --if-revision 3",
     .options = {DESCRIPTION_FILE, DRY_RUN, IF_REVISION,
                 SKIP_VERIFY, VERIFY, DEFAULT_VERIFY, ENCODE_URL,
                 {"ca-file", 0, OPTION_VALUE, "FILE", "CAs (PEM) to trust besides, for this target"},
                 {"no-ca", 0, OPTION_FLAG, NULL, "trust none besides"},
                 TENANT}},
    {.name = "service delete", .arguments = "APP ID", .least = 2, .most = 2, .flags = SERVER | OUTPUT, .run = command_service_delete,
     .summary = "Delete a service with its credentials",
     .options = {IF_REVISION, TENANT, {"yes", 'y', OPTION_FLAG, NULL, "do not ask"}}},
    {.name = "service specification", .arguments = "APP ID", .least = 2, .most = 2, .flags = SERVER | OUTPUT, .run = command_service_specification,
     .summary = "Print a service's specification as it was sent",
     .options = {{"kind", 0, OPTION_VALUE, "KIND", "api (the default), events or documentation"},
                 {"out", 0, OPTION_VALUE, "FILE", "save it there"},
                 {"refresh", 0, OPTION_FLAG, NULL, "download it again from its URL"},
                 TENANT}},
    {.name = "service credentials", .arguments = "APP ID", .least = 2, .most = 2, .flags = SERVER | OUTPUT, .run = command_service_credentials,
     .summary = "Show or replace how a service is authenticated to",
     .details = "Shows which keys the secret has, never their values, and the certificate. What is\n"
                "replaced here holds until the description changes it. FILE with --from-file is JSON\n"
                "or YAML: username and password, or clientId and clientSecret; - is standard input.",
     .example = "fairlead service credentials shop 3bb33152-... --certificate own.crt --key own.key",
     .options = {{"certificate", 0, OPTION_VALUE, "FILE", "an own certificate (PEM; its chain may follow)"},
                 {"key", 0, OPTION_VALUE, "FILE", "and its key (PEM), readable by you alone"},
                 {"from-file", 0, OPTION_VALUE, "FILE", "user name and password, or client id and secret"},
                 {"restore", 0, OPTION_VALUE, "N", "put back a certificate that was replaced"},
                 {"certificate-out", 0, OPTION_VALUE, "FILE", "save the certificate (PEM)"},
                 TENANT}},

    {.name = "secret put", .arguments = "NAME", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_secret_put,
     .summary = "Keep a secret for calls by /secret/NAME/api/API",
     .details = "Its keys are those of Kyma's Compass mode: {API}_TARGET_URL, CREDENTIALS_TYPE and\n"
                "CONFIGURATION. Replaces all there was; ******** keeps a value. Secret values come from\n"
                "files that you alone may read, or with -f as {\"data\": {KEY: text}}.",
     .example = "fairlead secret put shop --from-literal ORDERS_TARGET_URL=https://shop.example",
     .options = {{"from-file", 0, OPTION_REPEATED, "KEY=FILE", "a value as the file has it; may be repeated"},
                 {"from-literal", 0, OPTION_REPEATED, "KEY=VALUE", "a value that is no secret; may be repeated"},
                 {"file", 'f', OPTION_VALUE, "FILE", "all of it, JSON or YAML; - is standard input"},
                 IF_REVISION, TENANT}},
    {.name = "secret list", .arguments = "", .flags = SERVER | CSV, .run = command_secret_list,
     .summary = "List the secrets that are kept", .options = {TENANT}},
    {.name = "secret show", .arguments = "NAME", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_secret_show,
     .summary = "Show a secret's keys; its values are masked", .options = {TENANT}},
    {.name = "secret delete", .arguments = "NAME", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_secret_delete,
     .summary = "Delete a secret with its values",
     .options = {IF_REVISION, TENANT, {"yes", 'y', OPTION_FLAG, NULL, "do not ask"}}},

    {.name = "call", .arguments = "APP SERVICE [PATH]", .least = 2, .most = 3, .flags = SERVER | OUTPUT, .run = command_call,
     .summary = "Call a registered API through the gateway, as a workload does",
     .details = "SERVICE is a name or an id, or BUNDLE/API; PATH may have a query and goes to the target\n"
                "as it is. The answer's body is printed. Exit status 0 for 2xx and 3xx, else 1. With\n"
                "--explain the body is only counted, and the way to it is shown: target, addresses,\n"
                "credentials (never their values), times.",
     .example = "fairlead call shop orders '/items?limit=1' -H 'Accept: application/json'",
     .options = {{"request", 'X', OPTION_VALUE, "METHOD", "GET when not given; POST with --body"},
                 {"header", 'H', OPTION_REPEATED, "'NAME: VALUE'", "sent with the request; may be repeated"},
                 {"body", 0, OPTION_VALUE, "TEXT|@FILE", "the request's body, up to 6 MiB; @- is standard input"},
                 {"include", 'i', OPTION_FLAG, NULL, "print the answer's head, too"},
                 {"max-time", 0, OPTION_VALUE, "DURATION", "give up after so long (30s); else the server's time-outs count"},
                 {"explain", 0, OPTION_FLAG, NULL, "show how it is called instead of the answer"},
                 TENANT}},

    {.name = "token create", .arguments = "[APP]", .most = 1, .flags = SERVER | OUTPUT, .run = command_token_create,
     .summary = "Create a one-time token for connecting",
     .details = "Prints the URL for the external system, the token in it, when it ends, and the\n"
                "SHA-256 of the CA that the server's certificate should lead to. The value is shown\n"
                "once: only its hash is kept.",
     .example = "fairlead token create shop",
     .options = {{"runtime", 0, OPTION_FLAG, NULL, "for a runtime instead of an application"},
                 {"remote-environment", 0, OPTION_FLAG, NULL, "for the API of Kyma 0.4 and 0.5"},
                 {"tenant", 0, OPTION_VALUE, "T", "tenant (central mode)"},
                 {"group", 0, OPTION_VALUE, "G", "group (central mode)"}}},
    {.name = "token list", .arguments = "[APP]", .most = 1, .flags = SERVER | CSV, .run = command_token_list,
     .summary = "List tokens: kind, application, age, state; never the value",
     .options = {{"all", 'a', OPTION_FLAG, NULL, "those that have ended as well"}}},
    {.name = "token revoke", .arguments = "ID|TOKEN", .least = 1, .most = 1, .flags = SERVER, .run = command_token_revoke,
     .summary = "Revoke a token by its id, or by its value",
     .details = "A value is not sent anywhere: the id is the beginning of its hash. A value that\n"
                "begins with '-' goes after --.",
     .example = "fairlead token revoke -- -Qx3...=="},

    {.name = "operator create", .arguments = "NAME", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_operator_create,
     .summary = "Make a bearer token for an operator of the Director",
     .details = "For /director/graphql on the connector listener. The token is shown once: only its\n"
                "hash is kept. Scopes: application:read, application:write, application.auths:read,\n"
                "runtime:read, runtime:write, runtime.auths:read, bundle.instance_auths:read,\n"
                "api_spec.fetch_request:read, event_spec.fetch_request:read,\n"
                "document.fetch_request:read, fetch-request.auth:read, tenant:read, or * for all;\n"
                "admin: the native API, where the internal listener asks (auth.required).",
     .example = "fairlead operator create ci --scope application:read --scope application:write --expires 30d",
     .options = {{"scope", 0, OPTION_REPEATED, "S", "what it may do; may be repeated (default: all)"},
                 {"tenant", 0, OPTION_REPEATED, "ID", "a tenant it may act in; may be repeated (default: all)"},
                 {"expires", 0, OPTION_VALUE, "DURATION", "when it ends: 30d, 12h (default 90d), or never"}}},
    {.name = "operator list", .arguments = "", .flags = SERVER | CSV, .run = command_operator_list,
     .summary = "List operators: scopes, tenants, last use; never the token",
     .details = "STATE is expiring from two weeks before the end on."},
    {.name = "operator update", .arguments = "NAME", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_operator_update,
     .summary = "Change what an operator may do, where and how long; its token stays",
     .details = "What is not named stays. Scopes and tenants that are named take the place of all\n"
                "that it had.",
     .example = "fairlead operator update ci --scope application:read --expires 30d",
     .options = {{"scope", 0, OPTION_REPEATED, "S", "what it may do; may be repeated; * for all"},
                 {"tenant", 0, OPTION_REPEATED, "ID", "a tenant it may act in; may be repeated; * for all"},
                 {"expires", 0, OPTION_VALUE, "DURATION", "when it ends, from now: 30d, 12h, or never"}}},
    {.name = "operator delete", .arguments = "NAME", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_operator_delete,
     .summary = "Delete an operator: its token works no more"},

    {.name = "tenant create", .arguments = "ID", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_tenant_create,
     .summary = "Create a tenant of the Director",
     .details = "ID is what clients send in the header Tenant: 1 to 120 bytes without blanks, / and *.\n"
                "What is in one tenant is not there for another.",
     .example = "fairlead tenant create acme --name 'Acme Ltd'",
     .options = {{"name", 0, OPTION_VALUE, "TEXT", "for people"},
                 {"type", 0, OPTION_VALUE, "TYPE", "account (the default), subaccount, customer, ..."}}},
    {.name = "tenant list", .arguments = "[TEXT]", .most = 1, .flags = SERVER | CSV, .run = command_tenant_list,
     .summary = "List tenants (whose id or name contains TEXT)"},
    {.name = "tenant delete", .arguments = "ID", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_tenant_delete,
     .summary = "Delete a tenant that has no applications, runtimes or certificates"},

    {.name = "connect", .arguments = "URL|TOKEN --out DIR", .most = 1, .flags = OUTPUT, .run = command_connect,
     .summary = "Connect this system: turn a one-time URL or token into a certificate",
     .details = "The external system's side. Asks what the request should say, makes key and\n"
                "request, has it signed, checks the answer and saves client.key, client.crt,\n"
                "chain.crt, ca.crt and connection.json. What the operator gave: Kyma's URL with the\n"
                "token; of a Compass token `raw`, `rawEncoded` or legacyConnectorURL, or its\n"
                "connectorURL and token apart. - for URL or TOKEN is standard input.\n"
                "The server is checked against the given fingerprint, else against this host's trust\n"
                "store; if that does not know it, the fingerprint is shown and you are asked.",
     .example = "fairlead connect 'https://host:8443/v1/...info?token=...' --out ./shop --ca-fingerprint 3f5a...",
     .options = {{"out", 0, OPTION_VALUE, "DIR", "where to save (made with mode 0700)"},
                 {"ca-fingerprint", 0, OPTION_VALUE, "HEX", "SHA-256 of the CA, from `fairlead token create`"},
                 {"connector-url", 0, OPTION_VALUE, "URL", "connectorURL of a Compass token"},
                 {"token", 0, OPTION_VALUE, "TOKEN", "its token"},
                 {"key", 0, OPTION_VALUE, "ALGORITHM", "rsa:2048|3072|4096, ec:P-256|P-384|P-521, ed25519"},
                 {"p12", 0, OPTION_OPTIONAL_VALUE, "PASSFILE", "save client.p12 as well; password from the file, else asked"},
                 {"yes", 'y', OPTION_FLAG, NULL, "take an unknown CA without asking"}}},
    {.name = "renew", .arguments = "DIR", .least = 1, .most = 1, .flags = OUTPUT, .run = command_renew,
     .summary = "Renew the certificate of a connection",
     .details = "With the certificate in DIR, a new key and a new certificate. The old certificate\n"
                "stays valid until its end. Fit for a daily timer with --if-expires-within.",
     .example = "fairlead renew ./shop --if-expires-within 30d",
     .options = {{"if-expires-within", 0, OPTION_VALUE, "DURATION", "do nothing when it lasts longer (30d, 12h)"},
                 {"p12", 0, OPTION_OPTIONAL_VALUE, "PASSFILE", "save client.p12 as well; password from the file, else asked"}}},
    {.name = "revoke", .arguments = "DIR|--fingerprint HEX|--app APP", .most = 1, .flags = SERVER | OUTPUT, .run = command_revoke,
     .summary = "Revoke a certificate, or all of an application",
     .details = "With DIR, the external system revokes its own certificate. The other forms are the\n"
                "operator's and go to the server on this host.",
     .example = "fairlead revoke --app shop --reason 'laptop lost'",
     .options = {{"fingerprint", 0, OPTION_VALUE, "HEX", "SHA-256 of the certificate, or the unique beginning of it"},
                 {"app", 0, OPTION_VALUE, "APP", "every certificate of this application"},
                 {"reason", 0, OPTION_VALUE, "TEXT", "for the audit"},
                 TENANT}},

    {.name = "cert list", .arguments = "[APP]", .most = 1, .flags = SERVER | CSV, .run = command_cert_list,
     .summary = "List certificates: who holds what, until when",
     .example = "fairlead cert list --state active --sort notAfter -o csv",
     .options = {{"state", 0, OPTION_VALUE, "STATE", "active, revoked or expired"},
                 {"subject", 0, OPTION_VALUE, "TEXT", "subject contains"},
                 {"expires-before", 0, OPTION_VALUE, "WHEN", "a time (2026-12-31T00:00:00Z) or from now (30d)"},
                 {"sort", 0, OPTION_VALUE, "KEY", "notAfter, issuedAt or application"},
                 {"desc", 0, OPTION_FLAG, NULL, "greatest first"},
                 {"limit", 'n', OPTION_VALUE, "N", "at most so many"}}},
    {.name = "cert show", .arguments = "FINGERPRINT", .least = 1, .most = 1, .flags = SERVER | OUTPUT, .run = command_cert_show,
     .summary = "Show a certificate; the beginning of the fingerprint is enough",
     .options = {{"pem", 0, OPTION_FLAG, NULL, "print it as PEM"}}},
    {.name = "cert expiring", .arguments = "", .flags = SERVER | CSV, .run = command_cert_expiring,
     .summary = "List active certificates that end soon; exit status 3 when there are any",
     .example = "fairlead cert expiring --within 30d || notify",
     .options = {{"within", 0, OPTION_VALUE, "DURATION", "how soon (default 30d)"}}},

    {.name = "ca show", .arguments = "", .flags = SERVER | OUTPUT, .run = command_ca_show,
     .summary = "Show the CA: subject, key, fingerprint, validity"},
    {.name = "ca export", .arguments = "", .flags = SERVER, .run = command_ca_export,
     .summary = "Print the CA's certificate as PEM",
     .details = "What clients need to trust the server: the root. With --chain the signing CA, then\n"
                "the root when that is another.",
     .example = "fairlead ca export > ca.crt; curl --cacert ca.crt https://localhost:8443/v1/health",
     .options = {{"chain", 0, OPTION_FLAG, NULL, "the whole chain"}}},
    {.name = "ca trust", .arguments = "", .flags = SERVER, .run = command_ca_trust,
     .summary = "Add the CA to this host's trust store, or remove it",
     .details = "Writes to /usr/local/share/ca-certificates and runs update-ca-certificates; needs\n"
                "root. Without an option it prints the commands instead of running them.",
     .example = "sudo fairlead ca trust --install --data ./data",
     .options = {{"install", 0, OPTION_FLAG, NULL, "add it"}, {"uninstall", 0, OPTION_FLAG, NULL, "remove it"}}},

    {.name = "status", .arguments = "", .flags = SERVER | OUTPUT, .run = command_status,
     .summary = "Show what the server is doing, and its warnings"},

    {.name = "config reference", .arguments = "", .run = command_config_reference,
     .summary = "Print every setting: meaning, value, default, example",
     .options = {{"output", 'o', OPTION_VALUE, "FORMAT", "text, json or markdown"}}},
    {.name = "config check", .arguments = "[FILE]", .most = 1, .flags = SERVER, .run = command_config_check,
     .summary = "Check a configuration without starting anything"},
    {.name = "config show", .arguments = "", .flags = SERVER, .run = command_config_show,
     .summary = "Print the configuration that would be in force",
     .options = {{"output", 'o', OPTION_VALUE, "FORMAT", "yaml or json"}}},

    {.name = "audit list", .arguments = "", .flags = SERVER | CSV, .run = command_audit_list,
     .summary = "List what was done, by whom; newest first",
     .example = "fairlead audit list --app shop --since 7d",
     .options = {{"action", 0, OPTION_VALUE, "ACTION", "such as token.create or certificate.issue"},
                 {"app", 0, OPTION_VALUE, "APP", "of this application"},
                 {"actor", 0, OPTION_VALUE, "ACTOR", "such as uid:1000"},
                 {"since", 0, OPTION_VALUE, "WHEN", "a time, or so long ago (7d)"},
                 {"until", 0, OPTION_VALUE, "WHEN", "a time, or so long ago"},
                 {"limit", 'n', OPTION_VALUE, "N", "at most so many (default 100)"}}},
    {.name = "audit export", .arguments = "", .flags = SERVER, .run = command_audit_export,
     .summary = "Print the whole audit as JSON lines, newest first",
     .options = {{"since", 0, OPTION_VALUE, "WHEN", "a time, or so long ago (7d)"},
                 {"until", 0, OPTION_VALUE, "WHEN", "a time, or so long ago"}}},

    {.name = "backup", .arguments = "FILE", .least = 1, .most = 1, .flags = SERVER, .run = command_backup,
     .summary = "Write a backup while the server runs",
     .details = "Secrets in it stay encrypted under the vault's key, which is not in it: keep a copy\n"
                "of that file too (`fairlead status` says where it is)."},
    {.name = "restore", .arguments = "FILE", .least = 1, .most = 1, .flags = SERVER, .run = command_restore,
     .summary = "Put a backup into an empty data directory; the server must be stopped",
     .example = "fairlead restore backup.db --data /var/lib/fairlead"},
    {.name = "vault rekey", .arguments = "", .flags = SERVER, .run = command_vault_rekey,
     .summary = "Make new keys and encrypt every secret anew",
     .details = "Replaces the vault's key file. Backups made before can be opened with the old file\n"
                "only: keep a copy of it first (`fairlead status` says where it is) as long as you keep\n"
                "them, and a copy of the new one afterwards."},

    {.name = "completion bash", .arguments = "", .run = command_completion_bash,
     .summary = "Print bash completion",
     .example = "fairlead completion bash | sudo tee /etc/bash_completion.d/fairlead"},
    {.name = "man", .arguments = "[config]", .most = 1, .run = command_man,
     .summary = "Print the man page: fairlead(1), or with config fairlead.yaml(5)",
     .example = "fairlead man | man -l -"},
    {.name = "help", .arguments = "[COMMAND]", .most = 2, .run = command_help,
     .summary = "Explain a command"},
    {.name = "version", .arguments = "", .run = command_version,
     .summary = "Print the version"},
};
/* clang-format on */

const struct command_table cli_commands = {rows, sizeof rows / sizeof rows[0]};
