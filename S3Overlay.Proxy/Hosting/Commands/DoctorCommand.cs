using System.Text;

using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Proxy.Protocol.Json;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>Says what is right and wrong with the settings and all that they lead to, and what to do about it.</summary>
/// <param name="output">Where findings go.</param>
/// <param name="errors">Where it says what it did not understand.</param>
internal sealed class DoctorCommand(TextWriter output, TextWriter errors)
{
    private const string Help = """
        s3overlay doctor [--json] [settings]    checks the settings, and what they lead to

        It looks at the settings, the folders and the room for them, the ports, the local store, and each remote: credentials and whose they are, clock, mapped
        buckets, the right to list them, and one read. It writes nothing there, and can be run beside a proxy. Give it the settings that the proxy has, by the
        environment or as --NAME=value:

          s3overlay doctor --S3_OVERLAY_REMOTE_ENDPOINT=https://s3.example.org --S3_OVERLAY_BUCKET_MAPPING=photos:prod-photos

            ✓ settings            Every setting is known, and has a value that it can have.
            ✗ bucket photos       https://s3.example.org does not have the bucket "prod-photos", which photos shows.
                                  Correct its name in S3_OVERLAY_BUCKET_MAPPING, or make it there.

          ✓ right    ✗ wrong    ? cannot be told, or may be meant so
          --json     one JSON document in place of the lines

        Exit codes: 0 nothing is wrong, 1 something is, 2 the command line was not understood.
        """;

    /// <summary>Where messages begin in a line.</summary>
    private const int Column = 24;

    /// <summary>Runs all checks.</summary>
    public async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken = default)
    {
        if (arguments.Any(argument => argument is "--help" or "-h" or "-?"))
        {
            await output.WriteLineAsync(Help);
            return ExitCodes.Ok;
        }

        string[] settings = [.. arguments.Where(argument => argument != "--json")];
        if (CommandLine.ProblemOf(settings) is { } problem)
        {
            await errors.WriteLineAsync($"{problem} s3overlay doctor --help says what there is.");
            return ExitCodes.BadConfiguration;
        }

        var findings = new Doctor(ProxyBuilder.FromEnvironment(settings).Configuration, new Machine()).FindAsync(cancellationToken);
        return settings.Length < arguments.Length ? await WriteJsonAsync(findings) : await WriteLinesAsync(findings);
    }

    private async Task<int> WriteLinesAsync(IAsyncEnumerable<Finding> findings)
    {
        var counts = new Dictionary<Verdict, int>();
        await foreach (var finding in findings)
        {
            counts[finding.Verdict] = counts.GetValueOrDefault(finding.Verdict) + 1;
            await output.WriteLineAsync($"  {MarkOf(finding.Verdict)} {finding.Subject.PadRight(Column - 5)} {finding.Message}");
            if (finding.Remedy is { } remedy)
            {
                await output.WriteLineAsync(new string(' ', Math.Max(Column, finding.Subject.Length + 5)) + remedy);
            }
        }

        var failed = counts.GetValueOrDefault(Verdict.Failed);
        await output.WriteLineAsync(
            $"{counts.GetValueOrDefault(Verdict.Passed)} right, {failed} wrong, {counts.GetValueOrDefault(Verdict.Undecided)} that cannot be told.");
        return failed == 0 ? ExitCodes.Ok : ExitCodes.CannotRun;
    }

    private async Task<int> WriteJsonAsync(IAsyncEnumerable<Finding> findings)
    {
        var (json, isFine) = (new JsonLines(), true);
        json.Writer.WriteStartObject();
        json.Writer.WriteStartArray("checks");
        await foreach (var finding in findings)
        {
            isFine &= finding.Verdict != Verdict.Failed;
            json.Writer.WriteStartObject();
            json.Writer.WriteString("check", finding.Subject);
            json.Writer.WriteString("result", WordOf(finding.Verdict));
            json.Writer.WriteString("message", finding.Message);
            json.Writer.WriteString("remedy", finding.Remedy);
            json.Writer.WriteString("setting", finding.Setting);
            json.Writer.WriteEndObject();
        }

        json.Writer.WriteEndArray();
        json.Writer.WriteBoolean("ok", isFine);
        json.Writer.WriteEndObject();
        await output.WriteAsync(Encoding.UTF8.GetString(json.EndLine().Span));
        return isFine ? ExitCodes.Ok : ExitCodes.CannotRun;
    }

    private static char MarkOf(Verdict verdict) => verdict switch
    {
        Verdict.Passed => '✓',
        Verdict.Failed => '✗',
        _ => '?',
    };

    private static string WordOf(Verdict verdict) => verdict switch
    {
        Verdict.Passed => "right",
        Verdict.Failed => "wrong",
        _ => "unknown",
    };
}
