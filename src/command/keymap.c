/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys are short for command lines. */
#include <string.h>

#include "command/command.h"

static const struct cmd_key keys[] = {
	/* Of one view; looked up before the general ones below. */
	{"trace", "Left", "left", ""},
	{"trace", "Right", "right", ""},
	{"trace", "h", "left", ""},
	{"trace", "l", "right", ""},
	{"trace", "Enter", "enter", "go there"},
	{"trace", "y", "gain", "log gain"},
	{"trace", "+", "zoom in", "zoom in"},
	{"trace", "=", "zoom in", ""},
	{"trace", "-", "zoom out", "zoom out"},
	{"trace", "a", "zoom all", "whole run"},
	{"topics", "Enter", "enter", "open it"},
	{"documents", "Enter", "enter", "read"},
	{"documents", "o", "sort next", "sort"},
	{"documents", "O", "sort reverse", "reverse"},
	{"reader", "Left", "left", ""},
	{"reader", "Right", "right", ""},
	{"reader", "h", "left", "word before"},
	{"reader", "l", "right", "word after"},
	{"reader", "y", "arithmetic", "why this topic"},
	{"reader", "Enter", "arithmetic", ""},
	{"reader", "p", "posterior", "posterior"},
	{"lab", "h", "left", "sweep before"},
	{"lab", "l", "right", "sweep after"},
	{"lab", ".", "next-document", "next text"},
	{"lab", ",", "previous-document", "text before"},
	{"reader", ".", "next-document", "next text"},
	{"reader", ",", "previous-document", "text before"},

	{"data", ".", "next-document", "next one"},
	{"data", ",", "previous-document", "one before"},
	{"data", "x", "axes x", "x column"},
	{"data", "y", "axes y", "y column"},
	{"data", "a", "axes principal", "principal axes"},
	{"data", "h", "left", ""},
	{"data", "l", "right", ""},
	{"data", "Enter", "enter", ""},

	{"landscape", ".", "landscape next", "next line"},
	{"landscape", ",", "landscape previous", "line before"},
	{"landscape", "x", "landscape map", "map"},
	{"landscape", "v", "landscape move", "the move"},
	{"landscape", "h", "left", ""},
	{"landscape", "l", "right", ""},
	{"landscape", "+", "zoom in", "zoom in"},
	{"landscape", "=", "zoom in", ""},
	{"landscape", "-", "zoom out", "zoom out"},

	{"jensen", "f", "jensen function next", "function"},
	{"jensen", "r", "jensen reset", "reset"},
	{"jensen", "h", "left", ""},
	{"jensen", "l", "right", ""},

	{"", "s", "step", "unit"},
	{"", "w", "sweep", "sweep"},
	{"", "n", "next", "phase"},
	{"", "f", "finish", "iteration"},
	{"", "c", "continue", "converge"},
	{"", "b", "back", "back"},
	{"", "e", "e", "E-step"},
	{"", "m", "m", "M-step"},
	{"", "1", "view bound", ""},
	{"", "2", "view trace", ""},
	{"", "3", "view terms", ""},
	{"", "4", "view topics", ""},
	{"", "5", "view documents", ""},
	{"", "6", "view reader", ""},
	{"", "7", "view landscape", ""},
	{"", "8", "view data", ""},
	{"", "9", "view jensen", ""},
	{"", "0", "view lab", ""},
	{"", "Tab", "view next", "next view"},
	{"", "S-Tab", "view previous", ""},
	{"", "Up", "up", ""},
	{"", "k", "up", ""},
	{"", "Down", "down", ""},
	{"", "j", "down", ""},
	{"", "Left", "left", ""},
	{"", "Right", "right", ""},
	{"", "PgUp", "page-up", ""},
	{"", "C-u", "page-up", ""},
	{"", "PgDn", "page-down", ""},
	{"", "C-d", "page-down", ""},
	{"", "Space", "page-down", ""},
	{"", "Home", "home", ""},
	{"", "g", "home", "top"},
	{"", "End", "end", ""},
	{"", "G", "end", "bottom"},
	{"", "Enter", "enter", "open"},
	{"", "WheelUp", "up 3", ""},
	{"", "WheelDown", "down 3", ""},
	{"", "]", "find-next", "next match"},
	{"", "[", "find-previous", ""},
	{"", "W", "why", "why"},
	{"", "R", "restart", "restart"},
	{"", ":", ":", "command"},
	{"", "/", "/", "search"},
	{"", "?", "help", "help"},
	{"", "F1", "help", ""},
	{"", "Esc", "leave", ""},
	{"", "q", "leave", "leave"},
	{"", "Q", "quit", "quit"},
};

const struct cmd_key *cmd_key_at(size_t i)
{
	return i < sizeof keys / sizeof keys[0] ? keys + i : NULL;
}

const struct cmd_key *cmd_key_find(const char *context, const char *key)
{
	const struct cmd_key *general = NULL;
	for (size_t i = 0; cmd_key_at(i); i++) {
		if (strcmp(keys[i].key, key) != 0)
			continue;
		if (keys[i].context[0] && strcmp(keys[i].context, context) == 0)
			return keys + i;
		if (!keys[i].context[0])
			general = keys + i;
	}
	return general;
}
