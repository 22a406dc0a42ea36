import Testing

@testable import Security

@Suite struct SecretMaskTests {
    @Test(arguments: [
        ("postgres://u:pw@h/db", "postgres://u:****@h/db"),
        (
            "postgresql://u:pw@h1:5432,h2:5433/db?sslmode=require",
            "postgresql://u:****@h1:5432,h2:5433/db?sslmode=require"
        ),
        ("postgres://u@h/db", "postgres://u@h/db"),
        ("postgres://h:5432/db", "postgres://h:5432/db"),
        ("postgres://u:p@w@h/db", "postgres://u:****@h/db"),
        ("postgres://u:p/w@h/db", "postgres://u:****@h/db"),
        ("postgres://u:p?w@h/db", "postgres://u:****@h/db"),
        ("postgres://u:p#w@h/db", "postgres://u:****@h/db"),
        ("postgres://u:12/34@h/db", "postgres://u:****@h/db"),
        ("postgres://u:@h/db", "postgres://u:****@h/db"),
        ("postgres:///db?user=u&password=pw&host=/run", "postgres:///db?user=u&password=****&host=/run"),
        ("postgres://h:5432/db?application_name=a@b", "postgres://h:5432/db?application_name=a@b"),
        ("postgres:///db?sslpassword=a&pass%77ord=b", "postgres:///db?sslpassword=****&pass%77ord=****"),
        ("ws://127.0.0.1:7880", "ws://127.0.0.1:7880"),
        ("https://h/p?access_token=t&x=1", "https://h/p?access_token=****&x=1"),
    ])
    func mask_ofAURI_hidesPasswordsOnly(text: String, masked: String) {
        #expect(SecretMask.mask(text) == masked)
    }

    @Test(arguments: [
        ("host=h user=u password=pw dbname=d", "host=h user=u password=**** dbname=d"),
        ("host=h password = 'p w' dbname=d", "host=h password = **** dbname=d"),
        (#"password='it\'s' host=h"#, "password=**** host=h"),
        (#"password=a\ b host=h"#, "password=**** host=h"),
        ("password='never closed host=h", "password=****"),
        (#"password=a\"#, "password=****"),
        ("PASSWORD=pw sslpassword=x sslkey=/k", "PASSWORD=**** sslpassword=**** sslkey=/k"),
        ("password=", "password=****"),
        ("host='a password=b' user=u", "host='a password=b' user=u"),
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("", ""),
    ])
    func mask_ofKeysAndValues_hidesPasswordsOnly(text: String, masked: String) {
        #expect(SecretMask.mask(text) == masked)
    }

    @Test(arguments: [
        ("dev=admin:dev-key", "dev=admin:****"),
        ("dev=admin:dev-key,ci=read:x", "dev=admin:****,ci=read:****"),
        ("dev=admin:dev-key,broken", "dev=admin:****,****"),
        ("dev=root:x", "****"),
        ("", ""),
    ])
    func maskAPIKeys_keepsNamesAndScopes(text: String, masked: String) {
        #expect(SecretMask.maskAPIKeys(text) == masked)
    }
}
