/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of commands: prompt, scripts, keys, completion, help and man page are made from it. */
#include "command/verbs.h"

static const char *const export_words[] = {"trace", "state", "components", "observations", "topics", "documents", "script", NULL};
static const char *const show_words[] = {"data",       "settings",  "step",        "verdict", "ledger",
                                         "components", "component", "observation", "corpus",  "topics",
                                         "topic",      "document",  NULL};
static const char *const info_words[] = {"breaks", "steps", "settings", "topics", "document", NULL};
static const char *const restart_words[] = {"seed", NULL};
static const char *const catch_words[] = {"empty", "duplicate", NULL};
static const char *const open_words[] = {"example", NULL};
static const char *const until_words[] = {"until", NULL};
static const char *const view_words[] = {"bound",  "trace",     "terms", "topics", "documents", "reader", "lab",
                                         "landscape", "data",  "jensen", "next",   "previous",  NULL};
static const char *const axes_words[] = {"x", "y", "next", "previous", "principal", NULL};
static const char *const jensen_words[] = {"v1", "v2", "alpha", "function", "reset", NULL};
static const char *const landscape_words[] = {"move", "map", "next", "previous", NULL};
static const char *const zoom_words[] = {"in", "out", "all", NULL};
static const char *const sort_words[] = {"number", "name", "tokens", "topic", "elbo", "evidence", "kl", "change", "sweeps",
                                         "next", "reverse", NULL};
static const char *const print_words[] = {"alpha", "topics", "gamma", "weights", "bias", "rates", "means", "covariances", "probabilities",
                                          "mixtures", "initial", "transitions", "emissions", "pi", "loadings", "mean", "noise",
                                          "responsibilities", "shares", "occupancy", "share", "scores", "counts", "log_shares", NULL};

static const char *const evidence_words[] = {"exact", "estimate", "all", "visible", "cost", "frame", "split", "draws", NULL};
static const char *const beside_words[] = {"exact", "variational", "off", NULL};

static const struct cmd table[] = {
	{"step", CMD_STEP, "[N]", 0, 1, NULL, false, verb_step, "the smallest step: one unit",
	 "In an E phase one observation (LDA: one coordinate sweep of one document), in an M phase one block of θ.", "step 5"},
	{"sweep", CMD_STEP, "[N]", 0, 1, NULL, false, verb_sweep, "one sweep over all observations",
	 "Every observation that has not settled moves once; in an M phase the same as step.", "sweep"},
	{"next", CMD_STEP, "[N]", 0, 1, NULL, false, verb_next, "the next phase, or the rest of this one",
	 "A whole E-step or M-step, whichever comes next.", "next 2"},
	{"e", CMD_STEP, "[N]", 0, 1, NULL, false, verb_phase, "an E-step by name",
	 "Inside an M phase that phase ends first.", "e"},
	{"m", CMD_STEP, "[N]", 0, 1, NULL, false, verb_phase, "an M-step by name",
	 "Inside an E phase that phase ends first.", "m"},
	{"finish", CMD_STEP, "[N]", 0, 1, NULL, false, verb_finish, "an iteration: E and M",
	 "From the middle of an iteration, the rest of it.", "finish 10"},
	{"continue", CMD_STEP, "[until CONDITION]", 0, -1, until_words, false, verb_continue, "iterations until a condition",
	 "CONDITION is converged (the default), iteration N, gain < NATS (of an iteration), elbo > NATS or kl < NATS, looked at after whole iterations; "
	 "or any other as for break, looked at after every E and M. Stops after max_iterations at the latest, at a break and at a breach.",
	 "continue until gain < 0.1"},
	{"break", CMD_STEP, "CONDITION", 1, -1, print_words, false, verb_point, "stop where a condition begins to hold",
	 "Looked at after every entry of any step: each unit of step, each E and M of continue. The message says what holds and with what numbers. After a stop "
	 "the condition has to fail once before it stops again; one with falls, rises or changes speaks of the last entry and stops each time. Conditions are expressions: see print. "
	 "They outlive restart and open; one that does not fit what is open is idle.",
	 "break delta < 1e-3"},
	{"watch", CMD_STEP, "EXPRESSION", 1, -1, print_words, false, verb_point, "stop when a number changes",
	 "Or any of a block of numbers: then the one that changed most is shown. Expressions as for print.", "watch alpha[1]"},
	{"catch", CMD_STEP, "empty|duplicate", 1, 1, catch_words, false, verb_point, "stop at an empty or a duplicate component",
	 "empty: one of them is expected to have less than one unit (token, observation). duplicate: two are nearer than 0.001 (Hellinger). A breach of the checks and "
	 "numbers that are not finite stop always.", "catch empty"},
	{"delete", CMD_STEP, "[N]", 0, 1, NULL, false, verb_point, "delete a break, watch or catch, or all of them",
	 "N as info breaks has it.", "delete"},
	{"disable", CMD_STEP, "[N]", 0, 1, NULL, false, verb_point, "let a break, watch or catch sleep", "Without N all of them.", "disable"},
	{"enable", CMD_STEP, "[N]", 0, 1, NULL, false, verb_point, "wake it again", "Without N all of them.", "enable"},
	{"back", CMD_STEP, "[N]", 0, 1, NULL, false, verb_back, "back in the ledger, exactly",
	 "The entries ahead stay until another step is made.", "back 2"},
	{"goto", CMD_STEP, "STEP|LABEL", 1, 1, NULL, false, verb_goto, "go to a ledger entry", "Back or forth; entry 0 is the start. A label in place of the number: see label.",
	 "goto 0"},
	{"label", CMD_STEP, "[NAME]", 0, 1, NULL, false, verb_label, "name this step, to go to it",
	 "goto NAME leads back here, in this branch. A name that is taken moves here; without a name the labels are listed. They go with the session's file.",
	 "label before-alpha; finish 3; goto before-alpha"},
	{"restart", CMD_STEP, "[seed N]", 0, 2, restart_words, false, verb_restart, "start again from entry 0",
	 "The same data under the settings as they are now, or with another seed.", "restart seed 2"},

	{"open", CMD_DATA, "[PATH [NAME=VALUE ...] | example [NAME [NAME=VALUE ...]]]", 0, -1, open_words, true, verb_open, "open data",
	 "As the model takes them: a corpus (a folder of .txt, a .csv or .tsv, LDA-C .ldac or .dat), a table of numbers (.csv, "
	 ".tsv) or sequences, one a line; - for standard input; a session file; nothing for the built-in gazette. example NAME opens a built-in "
	 "data set with its model and start; example alone lists them. Settings behind the path hold for it; those that name columns (text, title, "
	 "id, columns) are forgotten when another path is opened.",
	 "open example coins"},
	{"branch", CMD_DATA, "[NAME]", 0, 1, NULL, false, verb_branch, "another run from this step, to go on in",
	 "A fork: the branch it came from stays as it is, `switch` leads back. Names have letters, digits, blanks and . _ -.", "branch; finish; switch main"},
	{"switch", CMD_DATA, "NAME", 1, 1, NULL, false, verb_branch, "go on in another branch",
	 "Run, data and settings are then that branch's; the screen's settings stay.", "branch other; switch main"},
	{"branches", CMD_DATA, "", 0, 0, NULL, false, verb_branch, "list the branches", "The star is where you are.", "branches"},
	{"compare", CMD_DATA, "A [B]", 1, 2, NULL, false, verb_branch, "two branches: where they part, which component is which",
	 "B is the current branch where none is given. Components are matched by the assignment of least total Hellinger distance.",
	 "branch fork; finish; compare main fork"},
	{"restarts", CMD_DATA, "[N]", 0, 1, NULL, false, verb_branch, "the same fit from N other seeds",
	 "Each runs until it converges (or max_iterations) and stays as branch \"seed S\". Told: their bounds, how many optima, how often runs changed "
	 "places on the way, which components are found again. 10 unless told otherwise.",
	 "open example three; restarts 3"},
	{"diagnose", CMD_LOOK, "", 0, 0, NULL, false, verb_diagnose, "what may be wrong with the fit, and what to do",
	 "Components that are empty, alike, uniform or one observation alone; a saddle (θ is pushed by a thousandth, on a run of its own); alpha out of range; E-steps at "
	 "the sweep limit; floors that act. Each with its number.",
	 "diagnose"},
	{"why", CMD_LOOK, "", 0, 0, NULL, false, verb_diagnose, "which update did it, and what would cure it",
	 "After a fall, a breach, a stall, or where it goes on too long: the steps of the last iteration are made again in pieces on a copy, the culprit is named (cold start, sweep "
	 "limit, alpha, a floor, rounding, a saddle, a planted bug, a change of yours, or nothing but a slow rate), and the setting that would cure it is tried beside it, with both numbers.",
	 "why"},
	{"race", CMD_DATA, "[MOST]", 0, 1, NULL, false, verb_race, "plain EM against SQUAREM from here",
	 "Two runs of their own from the θ there is now, one with accelerate=squarem, until nothing is gained any more or MOST E-steps (5000) are "
	 "made; a table says how many E-steps each took to within 1, 1e-2, ... 1e-8 nats of the best bound.",
	 "open example coins; race"},
	{"beside", CMD_DATA, "[exact|variational|off]", 0, 1, beside_words, false, verb_beside,
	 "run LDA's other E-step beside, from the same start",
	 "A second run that differs in e_step only goes along with this one: a table tells where the two part and by how many nats of log p; "
	 "Trace draws both. The exact E-step has to be affordable: see e_step.",
	 "open example paradox; set evidence_budget 0.1; beside exact"},
	{"evidence", CMD_STEP, "[exact|estimate] [all|visible|DOCUMENTS] [draws N]", 0, 5, evidence_words, false, verb_evidence,
	 "log p of documents where it is unknown",
	 "estimate (the default): importance sampling from Dirichlets fitted to the posterior, 4000 draws a document unless told otherwise, from the run's seed, shown with "
	 "twice its standard error. exact: also what evidence_budget and evidence_step do not allow; the predicted time is told first, and above ten minutes it wants evidence!. "
	 "DOCUMENTS as in 3,7-9; visible are those on the screen. evidence cost tells what exact ones would take, evidence frame the bounds that always hold, evidence split what KL is made of. It gives way to any step, "
	 "and what was found is kept; no step depends on it.",
	 "evidence estimate all draws 1000"},
	{"init", CMD_DATA, "FILE", 1, 1, NULL, true, verb_init, "start from the θ in a state file",
	 "The number of components comes from the file; the data must be those it was made on.", "init state.json"},
	{"set", CMD_DATA, "NAME VALUE", 1, -1, NULL, false, verb_set, "change or show a setting, or an element of θ or q",
	 "Also NAME=VALUE; without a value it shows the setting. What needs it starts again from entry 0 or reads the data again. An element, topics[3][boat], "
	 "alpha[2], gamma[12][1], gets a number (or an expression): the others of a row that sums to 1 are scaled, the change is an entry of the ledger of its own, "
	 "and back undoes it. Between phases only; what an M-step makes of it afterwards is the M-step's.",
	 "set alpha_update symmetric"},

	{"show", CMD_LOOK, "WHAT", 1, 2, show_words, false, verb_show, "say something of the run or the data as text",
	 "data (or corpus): what was read and what each rule removed. step: what the last step did. verdict, ledger, components "
	 "(or topics), component K, observation N (or document N), settings.",
	 "show data"},
	{"info", CMD_LOOK, "WHAT", 1, 2, info_words, false, verb_info, "list the breaks; or what show shows",
	 "breaks: every break, watch and catch with its number and how often it stopped. steps is show ledger; the rest is as for show.", "info breaks"},
	{"print", CMD_LOOK, "EXPRESSION", 1, -1, print_words, false, verb_print, "a number, an array, or what is computed from them",
	 "17 significant digits, ~ before an estimate, ? after a doubtful one. Quantities are elbo, kl, log_p, energy, entropy, delta (of the last whole iteration), gain (of the last entry), "
	 "iteration, step, sweeps, perplexity, moved, capped, to_come, rate and the terms by their names in the trace; kl[12] is of one observation, "
	 "size[4] of a component, share[12][4] of both. Arrays are those of the state file and the statistics: topics[3][harbour], topics[3][\"new york\"], slices topics[3][*], "
	 "ranges alpha[1..2]; indices count from 1, and ARRAY I J works too. Functions: sum, mean, min, max, norm, abs, log, exp, sqrt, argmax, count, "
	 "distance(x, y), hellinger(x, y). + - * / ^, comparisons, and, or, not; what is unknown stays unknown.",
	 "print sum(gamma[12]) - sum(alpha)"},
	{"explain", CMD_LOOK, "NUMBER", 1, -1, print_words, false, verb_explain, "the formula of a number, with its numbers in it",
	 "elbo, kl, delta, ... and the terms; kl[12]; gamma[12][1], responsibilities[3][2], topics[3][harbour]; phi[12][harbour] is the arithmetic behind a word of a document. "
	 "Each says where its parts come from, and which θ it was made with.",
	 "explain elbo"},
	{"arithmetic", CMD_LOOK, "", 0, 0, NULL, false, verb_ui, "the arithmetic behind the selected word",
	 "In the Reader: β, exp ψ(γ), their product and φ for each topic. A switch.", "view reader; arithmetic"},

	{"posterior", CMD_LOOK, "", 0, 0, NULL, false, verb_ui, "q and the exact posterior as densities, in the place of the text",
	 "In the Reader, for LDA by mean field: of two topics both densities over the share of one, of three the triangle. A switch.",
	 "view reader; posterior"},
	{"study", CMD_STEP, "[DOCUMENT]", 0, 1, NULL, false, verb_study, "the exact posterior of a document, whatever it takes",
	 "The Reader asks for it by itself where it is predicted to take less than a second. Without a number: of the one selected.", "study 3"},

	{"view", CMD_MOVE, "NAME", 1, 1, view_words, false, verb_ui, "show a view",
	 "By name or number; next and previous go round.", "view topics"},
	{"up", CMD_MOVE, "[N]", 0, 1, NULL, false, verb_ui, "up", "N rows, default 1.", "up 3"},
	{"down", CMD_MOVE, "[N]", 0, 1, NULL, false, verb_ui, "down", "N rows, default 1.", "down 3"},
	{"left", CMD_MOVE, "[N]", 0, 1, NULL, false, verb_ui, "left: the word, the step before", "N of them, default 1.", "left"},
	{"right", CMD_MOVE, "[N]", 0, 1, NULL, false, verb_ui, "right: the word, the step after", "N of them, default 1.",
	 "right 10"},
	{"page-up", CMD_MOVE, "", 0, 0, NULL, false, verb_ui, "a page up", "As many rows as are shown.", "page-up"},
	{"page-down", CMD_MOVE, "", 0, 0, NULL, false, verb_ui, "a page down", "As many rows as are shown.", "page-down"},
	{"home", CMD_MOVE, "", 0, 0, NULL, false, verb_ui, "the first", "The first row, word or step.", "home"},
	{"end", CMD_MOVE, "", 0, 0, NULL, false, verb_ui, "the last", "The last row, word or step.", "end"},
	{"enter", CMD_MOVE, "", 0, 0, NULL, false, verb_ui, "open what is selected",
	 "A topic's longer list, a document in the Reader, the step under the crosshair.", "enter"},
	{"leave", CMD_MOVE, "", 0, 0, NULL, false, verb_ui, "back to where you came from", "From the Reader, help, a topic.",
	 "leave"},
	{"select", CMD_MOVE, "N", 1, 1, NULL, false, verb_ui, "select a topic or document by number",
	 "In the view that is shown.", "view documents; select 12"},
	{"sort", CMD_MOVE, "COLUMN [K]", 1, 2, sort_words, false, verb_ui, "order the documents",
	 "number, name, tokens, topic K, elbo, evidence, kl, change, sweeps; next is the next column, reverse turns the order.",
	 "sort kl"},
	{"find", CMD_MOVE, "TEXT", 1, -1, NULL, false, verb_ui, "search in the view", "Upper and lower case are alike.",
	 "find harbour"},
	{"find-next", CMD_MOVE, "", 0, 0, NULL, false, verb_ui, "the next match", "Round from the end to the start.", "find-next"},
	{"find-previous", CMD_MOVE, "", 0, 0, NULL, false, verb_ui, "the match before", "Round from the start to the end.",
	 "find-previous"},
	{"next-document", CMD_MOVE, "", 0, 0, NULL, false, verb_ui, "the next document or sequence",
	 "Of the Reader, in the order of the Documents view; of Data, by number.", "next-document"},
	{"previous-document", CMD_MOVE, "", 0, 0, NULL, false, verb_ui, "the document or sequence before",
	 "Of the Reader, in the order of the Documents view; of Data, by number.", "previous-document"},
	{"zoom", CMD_MOVE, "in|out|all", 1, 1, zoom_words, false, verb_ui, "the part of the trace that is shown",
	 "About the crosshair.", "zoom in"},
	{"gain", CMD_MOVE, "", 0, 0, NULL, false, verb_ui, "the trace as ELBO or as log of its gains", "A switch.", "gain"},
	{"axes", CMD_MOVE, "WHAT | X Y", 1, 2, axes_words, false, verb_ui, "choose what the scatter plot of Data shows",
	 "x and y take the next variable for one axis, next and previous go through the pairs, principal shows the first two "
	 "principal axes; or two columns by name or number (of a factor model the factors come first).",
	 "view data; axes principal"},
	{"lab", CMD_MOVE, "[DOCUMENT]", 0, 1, NULL, false, verb_ui, "one document, several E-steps, one truth",
	 "Where mean field comes to rest from many starts, hard assignment, CVB0, collapsed Gibbs and the exact posterior, for the selected document or "
	 "that one.",
	 "lab 1"},
	{"jensen", CMD_MOVE, "[WHAT [X]]", 0, 2, jensen_words, false, verb_ui, "show Jensen's inequality and change it",
	 "v1 X, v2 X, alpha X; function bell, log, sqrt, entropy, square or next; reset. A value outside the function's range becomes "
	 "the nearest inside.",
	 "jensen v1 0"},
	{"landscape", CMD_MOVE, "[WHAT]", 0, 8, landscape_words, false, verb_ui, "what the landscape is drawn along",
	 "move is the line of the M-step; ARRAY I [J] one parameter of θ over its range; two of them, or map, a map of log p with the path "
	 "of EM; next and previous go through all of these. Indices count from 1.",
	 "landscape bias 1 bias 2"},
	{"click", CMD_MOVE, "X Y", 2, 2, NULL, false, verb_ui, "as a mouse click at a cell",
	 "Columns and rows count from 0.", "click 10 5"},

	{"export", CMD_OUT, "WHAT FILE", 2, 2, export_words, true, verb_export, "write a table or the state",
	 "trace, topics and documents as CSV, state as JSON; script is what was done so far as commands: elbow -x FILE does it again, to the bit. "
	 "An existing file is replaced by export! only.",
	 "export trace trace.csv"},
	{"save", CMD_OUT, "FILE", 1, 1, NULL, true, verb_save, "write the whole session into a file",
	 "Runs, branches, every step of the ledger, breaks, what was done; data by their path and a checksum. elbow FILE, or open FILE, goes on from there. "
	 "It is an SQLite database: docs/session-file.md. An existing file is replaced by save! only.",
	 "save monday.elbow"},
	{"journal", CMD_OUT, "FILE|off", 1, 1, NULL, true, verb_journal, "keep the session in a file as it comes about",
	 "From now on every step is in the file when it is done, whatever happens to elbow after that. A session that is there already is opened and goes on. "
	 "The option --session FILE does so from the start.",
	 "journal today.elbow; finish; journal off"},
	{"screenshot", CMD_OUT, "FILE", 1, 1, NULL, true, verb_ui, "write the screen as .txt or .svg",
	 "What is seen, cell by cell. An existing file is replaced by screenshot! only.", "screenshot bound.svg"},
	{"source", CMD_OTHER, "FILE", 1, 1, NULL, true, verb_source, "run a script", "Commands, one a line; # begins a comment.",
	 "source lecture.elbow"},
	{"audit", CMD_OTHER, "FOLDER|FILE", 1, 1, NULL, true, verb_audit, "somebody else's run: are its numbers and its stop to be believed",
	 "A folder with LDA-C's final.beta, final.gamma, final.other and likelihood.dat, of the corpus that is open: its bound is evaluated anew, term by term. A "
	 "file: the trace of any objective, one number a line or a table with a column elbo, likelihood, bound or objective (else the last); the verdict on it. Fails "
	 "where it is not to be believed.",
	 "audit trace.csv"},
	{"selftest", CMD_OTHER, "[NAME]", 0, 1, NULL, false, verb_selftest, "published numbers against computed ones",
	 "Runs the built-in examples (or one of them) from their published starts, each in a run of its own, and prints what was "
	 "published beside what comes out. Fails when they differ beyond the printed digits.",
	 "selftest coins"},
	{"bind", CMD_OTHER, "[KEY [COMMAND]]", 0, -1, NULL, false, verb_bind, "make a key short for a command",
	 "In every view, before what the key does there. Keys are x, F5, Ctrl-A, Alt-x, Space, Enter, Tab, Up, PgDn, Home ...; the digits, q, Q, :, ?, F1, Esc and "
	 "Ctrl-C, Ctrl-L, Ctrl-Z stay what they are. Several commands go between quotes; : before the command opens the prompt with it. Without COMMAND the key's is shown, "
	 "without KEY yours are listed. Written into ~/.config/elbow/init it holds from every start on.",
	 "bind F5 \"finish 5; show step\""},
	{"unbind", CMD_OTHER, "KEY", 1, 1, NULL, false, verb_bind, "give a key back", "It does again what it did before bind.",
	 "bind F5 finish; unbind F5"},
	{"help", CMD_OTHER, "[NAME]", 0, 1, NULL, false, verb_help, "help on commands, keys and settings",
	 "With the name of a command or setting, help on that.", "help continue"},
	{"quit", CMD_OTHER, "", 0, 0, NULL, false, verb_quit, "leave elbow", "Nothing is saved on its own; export writes.",
	 "quit"},
};

const struct cmd *cmd_at(size_t i)
{
	return i < sizeof table / sizeof table[0] ? table + i : NULL;
}

const char *cmd_group_title(enum cmd_group g)
{
	static const char *const titles[] = {"Stepping", "Data and settings", "Looking", "On the screen", "Writing files",
	                                     "Other"};
	return titles[g];
}
