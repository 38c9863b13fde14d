/**
 * Jest has a hundred frames noted with every error that is made, and a refused document makes many: the nearest tell
 * where it was.
 */
Error.stackTraceLimit = 15;
