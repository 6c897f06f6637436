/*
 * The C compiler of every build step: GCC for all that compiles, zig for all that links.
 * A program and not a script, because a build calls it ten thousand times. toolchain.ts puts
 * the words of the commands before this text: GCC[] and LINK[], and what the latter calls its
 * own linker with, before and after the words of a call: BEFORE[], AFTER[] and PIE_BEFORE[].
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MAX_WORDS = 65536 };

typedef struct {
  const char *word[MAX_WORDS];
  int count;
} Words;

static Words compile, link_words, sources;
static int first_link_word;
static char scratch[4096];

static void add(Words *list, const char *word) {
  if (list->count == MAX_WORDS - 1) {
    fprintf(stderr, "cc: more than %d words\n", MAX_WORDS);
    exit(1);
  }
  list->word[list->count++] = word;
  list->word[list->count] = NULL;
}

static void add_all(Words *list, const char *const *words) {
  while (*words) add(list, *words++);
}

static int is_one_of(const char *word, const char *const *list) {
  for (; *list; list++)
    if (strcmp(word, *list) == 0) return 1;
  return 0;
}

static int starts(const char *word, const char *with) {
  return strncmp(word, with, strlen(with)) == 0;
}

static int ends(const char *word, const char *with) {
  size_t n = strlen(word), m = strlen(with);
  return n >= m && strcmp(word + n - m, with) == 0;
}

static void become(const Words *argv) {
  execvp(argv->word[0], (char **)argv->word);
  perror(argv->word[0]);
  exit(127);
}

/** Runs to the end; its exit status. */
static int run(const Words *argv) {
  pid_t child;
  int status;
  if (posix_spawnp(&child, argv->word[0], NULL, NULL, (char **)argv->word, environ) != 0) {
    perror(argv->word[0]);
    return 127;
  }
  if (waitpid(child, &status, 0) < 0) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static const char *in_scratch(int number) {
  char *path = malloc(sizeof scratch + 32);
  sprintf(path, "%s/%d.o", scratch, number);
  return path;
}

/** No program is linked: one word says so, or there is nothing to link. */
static int only_compiles(char **argv) {
  static const char *const words[] = {"-c", "-S", "-E", "-M", "-MM", "--version", "--help", NULL};
  int inputs = 0;
  for (; *argv; argv++) {
    if (is_one_of(*argv, words) || starts(*argv, "-dump") || starts(*argv, "-print-")) return 1;
    if (**argv != '-') inputs = 1;
  }
  return !inputs;
}

static int is_for_the_linker(const char *word) {
  static const char *const words[] = {"-shared", "-static",   "-pie",     "-no-pie", "-r",
                                      "-s",      "-rdynamic", "-pthread", NULL};
  return starts(word, "-L") || starts(word, "-l") || starts(word, "-Wl,") || is_one_of(word, words);
}

/** Sorts the words of a call that compiles and links, as configure makes them. */
static void sort_words(char **argv) {
  static const char *const with_value[] = {"-o", "-L", "-l", "-u", "-Xlinker", "-z", "-T", "-e", NULL};
  static const char *const with_c_value[] = {"-I",       "-D",       "-U",      "-include",
                                             "-isystem", "-iquote", "--param", NULL};
  static const char *const dropped[] = {"-x", "-MF", "-MT", "-MQ", NULL};
  for (; *argv; argv++) {
    const char *word = *argv;
    if (is_one_of(word, dropped)) {
      if (argv[1]) argv++;
    } else if (is_one_of(word, with_value) || is_one_of(word, with_c_value)) {
      Words *list = is_one_of(word, with_value) ? &link_words : &compile;
      add(list, word);
      if (argv[1]) add(list, *++argv);
    } else if (is_for_the_linker(word)) {
      add(&link_words, word);
    } else if (ends(word, ".c") || ends(word, ".S") || ends(word, ".s")) {
      add(&sources, word);
      add(&link_words, in_scratch(sources.count));
    } else {
      add(*word == '-' ? &compile : &link_words, word);
    }
  }
}

/** zig finds these in its own glibc, whether they are asked for or not. */
static int is_of_glibc(const char *name) {
  static const char *const names[] = {"c",  "m",    "pthread", "dl",
                                      "rt", "util", "resolv",  NULL};
  return is_one_of(name, names);
}

/** Libraries that zig has a meaning of its own for. */
static int is_of_compiler(const char *name) {
  static const char *const with[] = {"gcc", "c++", "stdc++", "unwind", "ssp", NULL};
  for (int i = 0; with[i]; i++)
    if (starts(name, with[i])) return 1;
  return 0;
}

/**
 * The linker itself for what configure asks a thousand times, a program of objects and
 * libraries: zig takes four times as long to come to the same call. -1: this is something else.
 */
static int link_directly(void) {
  static Words call;
  int pie = 0;
  if (!BEFORE[0] || access(AFTER[0], R_OK) != 0) return -1;
  for (int i = first_link_word; i < link_words.count; i++)
    if (strcmp(link_words.word[i], "-pie") == 0) pie = 1;
  add_all(&call, pie ? PIE_BEFORE : BEFORE);
  for (int i = first_link_word; i < link_words.count; i++) {
    const char *word = link_words.word[i];
    if (strcmp(word, "-pie") == 0 || strcmp(word, "-pthread") == 0) continue;
    if (strcmp(word, "-rdynamic") == 0) {
      add(&call, "--export-dynamic");
    } else if (starts(word, "-l") && word[2]) {
      if (is_of_compiler(word + 2)) return -1;
      if (!is_of_glibc(word + 2)) add(&call, word);
    } else if (strcmp(word, "-o") == 0 && i + 1 < link_words.count) {
      add(&call, word);
      add(&call, link_words.word[++i]);
    } else if ((starts(word, "-L") && word[2]) || ends(word, ".o") || ends(word, ".a")) {
      add(&call, word);
    } else {
      return -1;
    }
  }
  add_all(&call, AFTER);
  return run(&call);
}

int main(int argc, char **argv) {
  const char *tmp = getenv("TMPDIR");
  int status = 0;
  (void)argc;
  add_all(&compile, GCC);
  if (only_compiles(argv + 1)) {
    add_all(&compile, (const char *const *)argv + 1);
    become(&compile);
  }
  add_all(&link_words, LINK);
  first_link_word = link_words.count;
  snprintf(scratch, sizeof scratch, "%s/cc-XXXXXX", tmp ? tmp : "/tmp");
  if (!mkdtemp(scratch)) {
    perror(scratch);
    return 1;
  }
  sort_words(argv + 1);
  int words = compile.count;
  for (int i = 0; i < sources.count && status == 0; i++) {
    compile.count = words;
    add(&compile, "-c");
    add(&compile, sources.word[i]);
    add(&compile, "-o");
    add(&compile, in_scratch(i + 1));
    status = run(&compile);
  }
  if (status == 0 && (status = link_directly()) < 0) status = run(&link_words);
  for (int i = 1; i <= sources.count; i++) unlink(in_scratch(i));
  rmdir(scratch);
  return status;
}
