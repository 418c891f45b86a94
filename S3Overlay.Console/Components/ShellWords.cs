namespace S3Overlay.WebConsole.Components;

/// <summary>Commands to paste into a POSIX shell.</summary>
internal static class ShellWords
{
    /// <summary>Joins words, each quoted if it needs to be.</summary>
    public static string Join(params IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    /// <summary>A word that the shell takes as it is: nothing in single quotes means anything but the quote that ends them.</summary>
    public static string Quote(string word) => word.Length > 0 && word.All(IsPlain) ? word
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static bool IsPlain(char letter) =>
        char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' or '/' or ':' or '@' or ',';
}
