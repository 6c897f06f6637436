/* main() of an ELF that is nothing but the CLI SAPI: for `--sapi`-less builds and tests. */
int phpack_cli_main(int argc, char *argv[]);

int main(int argc, char *argv[])
{
    return phpack_cli_main(argc, argv);
}
