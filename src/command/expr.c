/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From text to a tree: recursive descent, one function a level of binding. */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/expr_tree.h"

enum { DEEPEST = 150 };

struct parser {
	struct expr *e;
	size_t at;
	int depth;
	struct em_err *err;
	enum em_status st; /* of the first failure: then nothing more is read */
};

static size_t parse_or(struct parser *p);

enum em_status expr_fail(const struct expr *e, size_t at, struct em_err *err, const char *format, ...)
{
	char text[360];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (at == 0)
		return em_fail(err, EM_USAGE, "%s", text);
	return em_fail(err, EM_USAGE, "column %zu of \"%.80s\": %s", at + 1, e->text, text);
}

static size_t wrong(struct parser *p, size_t at, const char *what)
{
	if (!p->st) {
		p->st = EM_USAGE;
		em_fail(p->err, EM_USAGE, "column %zu of \"%.120s\": %s", at + 1, p->e->text, what);
	}
	return 0;
}

static size_t node_new(struct parser *p, enum expr_op op, size_t at, size_t length)
{
	struct expr *e = p->e;
	if (p->st)
		return 0;
	if (e->count == e->room) {
		size_t room = e->room ? 2 * e->room : 16;
		struct expr_node *grown = realloc(e->node, room * sizeof *grown);
		if (!grown) {
			p->st = em_no_memory(p->err);
			return 0;
		}
		e->node = grown;
		e->room = room;
	}
	e->node[e->count] = (struct expr_node){.op = op, .at = at, .length = length};
	return e->count++;
}

static size_t node_of(struct parser *p, enum expr_op op, size_t at, size_t a, size_t b)
{
	size_t n = node_new(p, op, at, 0);
	if (n) {
		p->e->node[n].kid = a;
		if (a)
			p->e->node[a].next = b;
	}
	return n;
}

static char skip(struct parser *p)
{
	const char *s = p->e->text;
	while (s[p->at] == ' ' || s[p->at] == '\t')
		p->at++;
	return s[p->at];
}

static bool eat(struct parser *p, const char *sign)
{
	size_t n = strlen(sign);
	skip(p);
	if (p->st || strncmp(p->e->text + p->at, sign, n) != 0)
		return false;
	p->at += n;
	return true;
}

/* Letters beyond ASCII, but not the signs of U+2200 to U+227F: minus, at most, ... */
static bool in_word(const char *s)
{
	bool sign = s[0] == '\xe2' && (s[1] == '\x88' || s[1] == '\x89');
	return isalnum((unsigned char)*s) || *s == '_' || *s == '\'' || ((unsigned char)*s >= 128 && !sign);
}

static size_t word_length(const struct parser *p)
{
	const char *s = p->e->text + p->at;
	size_t n = 0;
	if (!in_word(s) || *s == '\'')
		return 0;
	while (in_word(s + n))
		n++;
	return n;
}

static bool eat_word(struct parser *p, const char *word)
{
	skip(p);
	size_t n = word_length(p);
	if (p->st || n != strlen(word) || strncmp(p->e->text + p->at, word, n) != 0)
		return false;
	p->at += n;
	return true;
}

static size_t parse_number(struct parser *p)
{
	const char *s = p->e->text + p->at;
	size_t n = strspn(s, "0123456789"), digits = n;
	if (s[n] == '.' && s[n + 1] != '.') { /* 1..3 is a range */
		size_t more = strspn(s + n + 1, "0123456789");
		n += 1 + more;
		digits += more;
	}
	if (!digits)
		return wrong(p, p->at, "a number has digits");
	if (s[n] == 'e' || s[n] == 'E') {
		size_t sign = s[n + 1] == '-' || s[n + 1] == '+', more = strspn(s + n + 1 + sign, "0123456789");
		n += more ? 1 + sign + more : 0;
	}
	if (in_word(s + n))
		return wrong(p, p->at + n, "a letter right behind a number; a word that begins with a digit goes in quotes");
	size_t x = node_new(p, OP_NUMBER, p->at, n);
	if (x)
		p->e->node[x].number = strtod(s, NULL);
	p->at += n;
	return x;
}

/* A word or a quoted text that is all there is between the brackets. */
static size_t parse_label(struct parser *p)
{
	const char *s = p->e->text;
	char quote = skip(p);
	size_t at = p->at, n;
	if (quote == '"' || quote == '\'') {
		const char *end = strchr(s + at + 1, quote);
		if (!end)
			return wrong(p, at, "this quote is not closed");
		n = (size_t)(end - (s + at + 1));
		p->at = at + n + 2;
		return node_new(p, OP_LABEL, at + 1, n);
	}
	n = word_length(p);
	size_t after = at + n;
	while (s[after] == ' ')
		after++;
	if (!n || isdigit((unsigned char)s[at]) || s[after] != ']')
		return 0;
	p->at = at + n;
	return node_new(p, OP_LABEL, at, n);
}

static size_t parse_index(struct parser *p)
{
	size_t at = p->at;
	if (eat(p, "*"))
		return node_new(p, OP_ALL, at, 1);
	size_t label = parse_label(p);
	if (label || p->st)
		return label;
	size_t from = parse_or(p);
	return eat(p, "..") ? node_of(p, OP_RANGE, at, from, parse_or(p)) : from;
}

static void adopt(struct parser *p, size_t parent, size_t *last, size_t kid)
{
	if (!parent || !kid)
		return;
	if (*last)
		p->e->node[*last].next = kid;
	else
		p->e->node[parent].kid = kid;
	*last = kid;
}

static size_t parse_name(struct parser *p)
{
	static const char *const reserved[] = {"and", "or", "not", "falls", "rises", "changes"};
	size_t at = p->at, n = word_length(p), last = 0;
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		if (n == strlen(reserved[i]) && strncmp(p->e->text + at, reserved[i], n) == 0)
			return wrong(p, at, "a name or a number belongs before this");
	p->at += n;
	bool call = p->e->text[p->at] == '(';
	size_t x = node_new(p, call ? OP_CALL : OP_NAME, at, n);
	if (call) {
		p->at++;
		do
			adopt(p, x, &last, parse_or(p));
		while (eat(p, ","));
		if (!eat(p, ")"))
			wrong(p, p->at, "a ) belongs here");
		if (x)
			p->e->node[x].end = p->at;
		return x;
	}
	if (x)
		p->e->node[x].end = p->at;
	while (!p->st && eat(p, "[")) {
		adopt(p, x, &last, parse_index(p));
		if (!eat(p, "]"))
			wrong(p, p->at, "a ] belongs here");
		if (x)
			p->e->node[x].end = p->at;
	}
	return x;
}

static size_t parse_primary(struct parser *p)
{
	char c = skip(p);
	if (p->st)
		return 0;
	if (++p->depth > DEEPEST)
		return wrong(p, p->at, "nested too deep");
	size_t x = 0;
	if (isdigit((unsigned char)c) || c == '.')
		x = parse_number(p);
	else if (eat(p, "(")) {
		x = parse_or(p);
		if (!eat(p, ")"))
			wrong(p, p->at, "a ) belongs here");
	} else if (word_length(p))
		x = parse_name(p);
	else
		wrong(p, p->at, c ? "a name or a number belongs here" : "a name or a number is missing at the end");
	p->depth--;
	return x;
}

static size_t parse_unary(struct parser *p)
{
	skip(p);
	size_t at = p->at, x;
	if (++p->depth > DEEPEST)
		return wrong(p, at, "nested too deep");
	if (eat(p, "-") || eat(p, "\xe2\x88\x92")) {
		x = node_of(p, OP_NEGATE, at, parse_unary(p), 0);
	} else {
		x = parse_primary(p);
		skip(p);
		at = p->at;
		if (eat(p, "^"))
			x = node_of(p, OP_POWER, at, x, parse_unary(p));
	}
	p->depth--;
	return x;
}

struct sign {
	const char *text;
	enum expr_op op;
};

/* Operators of one strength, from the left. */
static size_t parse_level(struct parser *p, const struct sign *signs, size_t (*below)(struct parser *))
{
	size_t x = below(p);
	for (bool more = true; more && !p->st;) {
		more = false;
		skip(p);
		size_t at = p->at;
		for (const struct sign *s = signs; s->text && !more; s++)
			if (eat(p, s->text)) {
				more = true;
				x = node_of(p, s->op, at, x, below(p));
			}
	}
	return x;
}

static size_t parse_product(struct parser *p)
{
	static const struct sign signs[] = {{"*", OP_MUL}, {"/", OP_DIV}, {NULL, OP_ALL}};
	return parse_level(p, signs, parse_unary);
}

static size_t parse_sum(struct parser *p)
{
	static const struct sign signs[] = {{"+", OP_ADD}, {"-", OP_SUB}, {"\xe2\x88\x92", OP_SUB}, {NULL, OP_ALL}};
	return parse_level(p, signs, parse_product);
}

static bool compares(enum expr_op op)
{
	return op >= OP_LESS && op <= OP_UNEQUAL;
}

static size_t parse_comparison(struct parser *p)
{
	static const struct sign signs[] = {{"<=", OP_LESS_EQUAL}, {">=", OP_MORE_EQUAL}, {"!=", OP_UNEQUAL}, {"==", OP_EQUAL},
	                                    {"\xe2\x89\xa4", OP_LESS_EQUAL}, {"\xe2\x89\xa5", OP_MORE_EQUAL},
	                                    {"\xe2\x89\xa0", OP_UNEQUAL}, {"<", OP_LESS}, {">", OP_MORE}, {"=", OP_EQUAL}, {NULL, OP_ALL}};
	size_t x = parse_sum(p);
	skip(p);
	size_t at = p->at;
	if (eat_word(p, "falls"))
		return node_of(p, OP_FALLS, at, x, 0);
	if (eat_word(p, "rises"))
		return node_of(p, OP_RISES, at, x, 0);
	if (eat_word(p, "changes"))
		return node_of(p, OP_CHANGES, at, x, 0);
	for (const struct sign *s = signs; s->text && !p->st; s++)
		if (eat(p, s->text)) {
			x = node_of(p, s->op, at, x, parse_sum(p));
			break;
		}
	skip(p);
	at = p->at;
	for (const struct sign *s = signs; s->text && x && !p->st && compares(p->e->node[x].op); s++)
		if (eat(p, s->text))
			return wrong(p, at, "one comparison at a time: a < b and b < c");
	return x;
}

static size_t parse_not(struct parser *p)
{
	skip(p);
	size_t at = p->at;
	if (++p->depth > DEEPEST)
		return wrong(p, at, "nested too deep");
	size_t x = eat_word(p, "not") ? node_of(p, OP_NOT, at, parse_not(p), 0) : parse_comparison(p);
	p->depth--;
	return x;
}

static size_t parse_and(struct parser *p)
{
	size_t x = parse_not(p);
	for (size_t at = p->at; !p->st && eat_word(p, "and"); at = p->at)
		x = node_of(p, OP_AND, at, x, parse_not(p));
	return x;
}

static size_t parse_or(struct parser *p)
{
	size_t x = parse_and(p);
	for (size_t at = p->at; !p->st && eat_word(p, "or"); at = p->at)
		x = node_of(p, OP_OR, at, x, parse_and(p));
	return x;
}

static bool knows(const struct expr_known *list, const struct expr *e, const struct expr_node *n)
{
	for (size_t i = 0; list[i].name; i++)
		if (expr_word_is(e, n, list[i].name))
			return true;
	return false;
}

/* Functions and their arguments need no run to be checked. */
static enum em_status check_calls(const struct expr *e, struct em_err *err)
{
	for (size_t i = 1; i < e->count; i++) {
		const struct expr_node *n = e->node + i;
		if (n->op != OP_CALL)
			continue;
		size_t args = 0, two = expr_word_is(e, n, "distance") || expr_word_is(e, n, "hellinger") ? 2 : 1;
		for (size_t k = n->kid; k; k = e->node[k].next)
			args++;
		char name[32];
		snprintf(name, sizeof name, "%.*s", (int)(n->length < 31 ? n->length : 31), e->text + n->at);
		const char *near = NULL;
		for (size_t f = 0; expr_functions[f].name; f++)
			near = text_near(name, expr_functions[f].name) ? expr_functions[f].name : near;
		if (!knows(expr_functions, e, n))
			return em_fail(err, EM_USAGE, near ? "column %zu of \"%.120s\": no function %s; did you mean %s?"
			               : "column %zu of \"%.120s\": no function %s; there are sum, mean, min, max, norm, abs, log, exp, sqrt, argmax, "
			                 "count, distance and hellinger", n->at + 1, e->text, name, near);
		if (args != two)
			return em_fail(err, EM_USAGE, "column %zu of \"%.120s\": %s takes %s", n->at + 1, e->text, name,
			               two == 1 ? "one argument" : "two arguments");
	}
	return EM_OK;
}

enum em_status expr_parse(const char *text, struct expr **out, struct em_err *err)
{
	struct expr *e = calloc(1, sizeof *e);
	*out = NULL;
	if (!e || !(e->text = strdup(text))) {
		free(e);
		return em_no_memory(err);
	}
	struct parser p = {.e = e, .err = err};
	node_new(&p, OP_NUMBER, 0, 0); /* 0 is none */
	e->root = parse_or(&p);
	if (!p.st && skip(&p))
		wrong(&p, p.at, strncmp(text + p.at, "..", 2) == 0 ? "a range stands in brackets only" : "an operator or the end belongs here");
	if (!p.st)
		p.st = check_calls(e, err);
	if (p.st)
		expr_free(e);
	else
		*out = e;
	return p.st;
}

void expr_free(struct expr *e)
{
	if (!e)
		return;
	free(e->node);
	free(e->text);
	free(e);
}

const char *expr_text(const struct expr *e)
{
	return e->text;
}

bool expr_momentary(const struct expr *e)
{
	for (size_t i = 1; i < e->count; i++)
		if (e->node[i].op >= OP_FALLS && e->node[i].op <= OP_CHANGES)
			return true;
	return false;
}

bool expr_is_condition(const struct expr *e)
{
	enum expr_op op = e->node[e->root].op;
	return (op >= OP_OR && op <= OP_UNEQUAL) || (op >= OP_FALLS && op <= OP_CHANGES);
}
