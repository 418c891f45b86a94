using System.Text.RegularExpressions;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A page that shows commands with their real output: runs it from top to bottom and compares. Comments in the page say what happens in
/// between. With <c>S3OVERLAY_WRITE_PAGES=1</c>, the outputs are written into the page instead.
/// </summary>
internal static partial class CommandPage
{
    private const string Prompt = "$ s3overlay ";

    /// <summary>Runs a page.</summary>
    /// <param name="name">The page, in docs/.</param>
    /// <param name="doAsync">Does what a comment says.</param>
    /// <param name="runAsync">Runs a command line, and returns the lines that it prints.</param>
    /// <returns>How many commands the page has.</returns>
    public static async Task<int> CheckAsync(string name, Func<string, Task> doAsync, Func<string, Task<string[]>> runAsync)
    {
        var path = Path.Combine(Repository.Root, "docs", name);
        var (page, written, commands) = (await File.ReadAllLinesAsync(path), new List<string>(), 0);
        for (var at = 0; at < page.Length; at++)
        {
            written.Add(page[at]);
            if (Step().Match(page[at]) is { Success: true } step)
            {
                await doAsync(step.Groups[1].Value);
            }
            else if (page[at].StartsWith(Prompt, StringComparison.Ordinal))
            {
                var shown = page.Skip(at + 1)
                    .TakeWhile(static line => line is not "```" && !line.StartsWith("$ ", StringComparison.Ordinal)).ToArray();
                var actual = await runAsync(page[at][Prompt.Length..]);
                commands++;
                if (!IsWriting)
                {
                    Assert.Equal(Normal($"{page[at]}\n{string.Join('\n', shown)}"), Normal($"{page[at]}\n{string.Join('\n', actual)}"));
                }

                written.AddRange(actual);
                at += shown.Length;
            }
        }

        if (IsWriting)
        {
            await File.WriteAllLinesAsync(path, written);
        }

        return commands;
    }

    private static bool IsWriting => Environment.GetEnvironmentVariable("S3OVERLAY_WRITE_PAGES") == "1";

    /// <summary>The words of a command line, without their quotes.</summary>
    public static IEnumerable<string> Words(string line) =>
        Word().Matches(line).Select(static match => match.Groups[1].Success ? match.Groups[1].Value : match.Value);

    /// <summary>Times, ports, ids and durations differ each time; so do the widths of their columns.</summary>
    private static string Normal(string text)
    {
        text = Time().Replace(text, "2026-01-01T00:00:00Z");
        text = Clock().Replace(text, "00:00:00");
        text = Port().Replace(text, "127.0.0.1:8000");
        text = RequestId().Replace(text, "request 0");
        text = Duration().Replace(text, "1 ms");
        return Spaces().Replace(text, "  ");
    }

    [GeneratedRegex(@"^<!-- (.*) -->$")]
    private static partial Regex Step();

    [GeneratedRegex(@"'([^']*)'|[^ ]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")]
    private static partial Regex Time();

    [GeneratedRegex(@"^\d\d:\d\d:\d\d", RegexOptions.Multiline)]
    private static partial Regex Clock();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Port();

    [GeneratedRegex("request [0-9A-Z]{16}")]
    private static partial Regex RequestId();

    [GeneratedRegex(@"[\d.]+ (us|ms)\b")]
    private static partial Regex Duration();

    [GeneratedRegex("  +")]
    private static partial Regex Spaces();
}
