/*
 * Where OpenSSL finds the machine's CA certificates, on any distribution.
 *
 * A static OpenSSL has one path compiled in, but every distribution keeps its bundle
 * elsewhere. The known places are probed each time (a stat or two; an administrator may
 * install ca-certificates under a running server); where there is none at all, as in a
 * minimal container, Mozilla's roots, compiled in, are used. SSL_CERT_FILE and
 * SSL_CERT_DIR come before all of this, as OpenSSL's manual says.
 *
 * Compiled into libcrypto (patches/openssl-cacerts.patch), so that PHP's streams, libcurl,
 * libpq and openssl_get_cert_locations() all see the same.
 */
#include <stdlib.h>
#include <unistd.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

const char *phpack_ca_file(void);
int phpack_load_embedded_roots(X509_LOOKUP *ctx, OSSL_LIB_CTX *libctx, const char *propq);

/* One PEM text, made by the recipe from Node's tls.rootCertificates (Mozilla, MPL-2.0). */
static const char embedded_roots[] = {
#include "phpack_roots.inc"
};

static const char *const bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Alpine, Arch */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL, Fedora */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* RHEL before 7, Amazon */
    "/etc/ssl/ca-bundle.pem",                            /* openSUSE */
    "/var/lib/ca-certificates/ca-bundle.pem",            /* SUSE, transactional */
    "/etc/ssl/cert.pem",                                 /* Alpine, BSD habits */
    NULL,
};

/* The first bundle that can be read; OpenSSL's own default name when there is none. */
const char *phpack_ca_file(void)
{
    for (const char *const *path = bundles; *path; path++) {
        if (access(*path, R_OK) == 0) {
            return *path;
        }
    }
    return "/etc/ssl/cert.pem";
}

/* Adds the embedded roots to the store behind ctx; 0 when they are not wanted. */
int phpack_load_embedded_roots(X509_LOOKUP *ctx, OSSL_LIB_CTX *libctx, const char *propq)
{
    X509_STORE *store = X509_LOOKUP_get_store(ctx);
    STACK_OF(X509_INFO) *all;
    BIO *in;
    int count = 0;

    if (getenv(X509_get_default_cert_dir_env())) {
        return 0; /* somebody chose a directory: its certificates and no others */
    }
    in = BIO_new_mem_buf(embedded_roots, (int)sizeof(embedded_roots));
    if (!in) {
        return 0;
    }
    all = PEM_X509_INFO_read_bio_ex(in, NULL, NULL, "", libctx, propq);
    BIO_free(in);
    for (int i = 0; i < sk_X509_INFO_num(all); i++) {
        X509_INFO *info = sk_X509_INFO_value(all, i);
        if (info->x509 && X509_STORE_add_cert(store, info->x509)) {
            count++;
        }
    }
    sk_X509_INFO_pop_free(all, X509_INFO_free);
    return count;
}
