/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report's page in a real browser (headless Chromium), at a phone's and a desk's width, light and dark: a picture
 * comes, nothing is wider than the window, every link in the page leads somewhere, and the console has nothing to say.
 * With REPORT_KEEP=FOLDER in the environment page and pictures are left there for people to look at.
 */
#include "reportworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { SKIPPED = 77, LIMIT_S = 90, ARGUMENTS = 32, PNG_LEAST = 20000 };

static const char *chromium;

static bool runs(const char *name)
{
    const char *const argv[] = {name, "--version", NULL};
    struct command_result r = command_run(argv, NULL, NULL, LIMIT_S);
    bool ok = r.status == 0;
    command_free(&r);
    return ok;
}

/* The page, made once for all cases; names that are long and can't be broken at a blank are in it too. */
static int enter_all(void **state)
{
    if (program_enter(state) != 0)
        return -1;
    struct program *p = *state;
    const char *keep = getenv("REPORT_KEEP");
    reportworld_load(p);
    program_add_server(p, "a-very-long-name-without-any-blank-that-no-telephone-has-room-for-in-one-line-0123456789",
                       "averylonglabelofsixtyoctetsaverylonglabelofsixtyoctets012345.example.com",
                       program_version_1(p, "mail.example.org"));
    program_pass(p, PROGRAM_COMPLETE);
    reportworld_run(p, WORDS("--html", reportworld_path(p, "report.html")));
    assert_int_equal(p->code, 0);
    if (keep) {
        const char *const argv[] = {"cp", reportworld_path(p, "report.html"), keep, NULL};
        struct command_result r = command_run(argv, NULL, NULL, LIMIT_S);
        command_free(&r);
    }
    return 0;
}

/* Runs the browser on a file of the folder; nothing of the person's own profile is touched. */
static struct command_result browse(struct program *p, const char *file, const char *const arguments[])
{
    const char *home = (const char *)arena_format(&p->arena, "HOME=%s", slapd_folder(p->server)).p;
    const char *profile =
        (const char *)arena_format(&p->arena, "--user-data-dir=%s/profile", slapd_folder(p->server)).p;
    const char *argv[ARGUMENTS] = {chromium,
                                   "--headless",
                                   "--no-sandbox", /* as root it starts no other way; the page is our own */
                                   "--disable-gpu",
                                   "--disable-dev-shm-usage",
                                   "--no-first-run",
                                   "--disable-background-networking",
                                   "--disable-component-update",
                                   "--disable-sync",
                                   "--hide-scrollbars",
                                   "--enable-logging=stderr",
                                   "--virtual-time-budget=4000",
                                   profile};
    size_t n = 13;
    for (size_t i = 0; arguments[i] && n + 2 < ARGUMENTS; i++)
        argv[n++] = arguments[i];
    argv[n++] = (const char *)arena_format(&p->arena, "file://%s", reportworld_path(p, file)).p;
    argv[n] = NULL;
    return command_run(argv, (const char *const[]){home, NULL}, NULL, LIMIT_S);
}

static uint32_t number_at(struct slice png, size_t at)
{
    return (uint32_t)png.p[at] << 24 | (uint32_t)png.p[at + 1] << 16 | (uint32_t)png.p[at + 2] << 8 | png.p[at + 3];
}

static void expect_picture(struct program *p, const char *page, const char *name, unsigned width, unsigned height,
                           const char *more)
{
    const char *keep = getenv("REPORT_KEEP"), *path = reportworld_path(p, name);
    if (keep)
        path = (const char *)arena_format(&p->arena, "%s/%s", keep, name).p;
    struct command_result r =
        browse(p, page,
               WORDS((const char *)arena_format(&p->arena, "--screenshot=%s", path).p,
                     (const char *)arena_format(&p->arena, "--window-size=%u,%u", width, height).p, more));
    if (r.status != 0 || strstr(r.errors, "CONSOLE"))
        fail_msg("%s: code %d\n%s", name, r.status, r.errors);
    command_free(&r);
    struct slice png = reportworld_file(p, path);
    assert_true(png.n >= PNG_LEAST && memcmp(png.p, "\x89PNG\r\n\x1a\n", 8) == 0);
    assert_int_equal(number_at(png, 16), width);
    assert_int_equal(number_at(png, 20), height);
}

/* A window of the browser is never as narrow as a phone; a frame is. */
static void write_phone(struct program *p, unsigned width, unsigned height)
{
    FILE *f = fopen(reportworld_path(p, "phone.html"), "we");
    assert_non_null(f);
    fprintf(
        f,
        "<!DOCTYPE html><title>phone</title><body style=\"margin:0\"><iframe src=\"report.html\" style=\"width:%upx;"
        "height:%upx;border:0\"></iframe>",
        width, height);
    fclose(f);
}

static void test_pictures(void **state)
{
    static const char plain[] = "--force-device-scale-factor=1", dark[] = "--blink-settings=preferredColorScheme=0";
    write_phone(*state, 390, 2400);
    expect_picture(*state, "phone.html", "phone.png", 500, 2400, plain);
    expect_picture(*state, "report.html", "desk.png", 1280, 2000, plain);
    expect_picture(*state, "report.html", "desk-dark.png", 1280, 2000, dark);
}

/* A page that shows the report in a frame of that width and writes down what it measures. */
static const char *measure(struct program *p, unsigned width)
{
    static const char script[] =
        "var f=document.getElementById('f');f.onload=function(){var "
        "d=f.contentDocument,w=f.contentWindow.innerWidth,o=[];"
        "d.querySelectorAll('body *').forEach(function(e){var r=e.getBoundingClientRect();"
        "if(r.right>w+0.5||r.left<-0.5)o.push(e.tagName+'.'+e.getAttribute('class')+' '+Math.round(r.right))});"
        "var l=0;d.querySelectorAll('a').forEach(function(a){l+=!d.getElementById(a.getAttribute('href').slice(1))});"
        "document.getElementById('out').textContent='width '+w+' scroll '+d.documentElement.scrollWidth+' beyond '+"
        "o.length+' lost '+l+' headings '+d.querySelectorAll('h1,h2,h3').length+' '+o.slice(0,5).join(';')}";
    FILE *f = fopen(reportworld_path(p, "measure.html"), "we");
    assert_non_null(f);
    fprintf(f,
            "<!DOCTYPE html><title>m</title><iframe id=f style=\"width:%upx;height:900px;border:0\"></iframe>"
            "<p id=out></p><script>%s;f.src='report.html'</script>",
            width, script);
    fclose(f);
    struct command_result r =
        browse(p, "measure.html", WORDS("--allow-file-access-from-files", "--window-size=1500,1000", "--dump-dom"));
    if (r.status != 0 || strstr(r.errors, "CONSOLE"))
        fail_msg("code %d\n%s", r.status, r.errors);
    const char *at = strstr(r.output, "<p id=\"out\">");
    const char *out = at ? (const char *)arena_copy(&p->arena, slice_of(at + 12)).p : "";
    command_free(&r);
    return out;
}

static void expect_fits(struct program *p, unsigned width)
{
    unsigned wide = 0, scroll = 0, beyond = 1, lost = 1, headings = 0;
    const char *out = measure(p, width);
    int n = sscanf(out, "width %u scroll %u beyond %u lost %u headings %u", &wide, &scroll, &beyond, &lost, &headings);
    if (n != 5 || wide != width || scroll > width || beyond || lost || headings < 20)
        fail_msg("at %u: %.300s", width, out);
}

static void test_nothing_is_wider_than_the_window(void **state)
{
    expect_fits(*state, 320);
    expect_fits(*state, 360);
    expect_fits(*state, 1280);
}

/* That an error would be seen at all. */
static void test_the_console_is_heard(void **state)
{
    struct program *p = *state;
    FILE *f = fopen(reportworld_path(p, "loud.html"), "we");
    assert_non_null(f);
    fputs("<!DOCTYPE html><title>loud</title><script>console.error('heard')</script>", f);
    fclose(f);
    struct command_result r = browse(p, "loud.html", WORDS("--dump-dom"));
    assert_non_null(strstr(r.errors, "CONSOLE"));
    command_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_nothing_is_wider_than_the_window),
        cmocka_unit_test(test_the_console_is_heard),
    };
    chromium = runs("chromium") ? "chromium" : runs("chromium-browser") ? "chromium-browser" : NULL;
    if (!slapd_available() || !chromium) {
        print_message("skipped: %s is not installed\n", chromium ? "slapd" : "chromium");
        return SKIPPED;
    }
    return cmocka_run_group_tests_name("report_browser", tests, enter_all, program_leave);
}
