#pragma once
// libcrypto, as far as Sources/Security uses it. All of it is plain functions,
// so no inline shims are needed.
#include <openssl/crypto.h>  // CRYPTO_memcmp
#include <openssl/err.h>     // ERR_get_error
#include <openssl/evp.h>     // EVP_Digest, EVP_sha256
#include <openssl/hmac.h>    // HMAC
#include <openssl/rand.h>    // RAND_bytes
