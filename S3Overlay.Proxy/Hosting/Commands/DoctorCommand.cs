using System.Text;
using System.Text.Json;

using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>Checks the settings and everything they lead to, and prints what to do about each problem.</summary>
internal sealed class DoctorCommand(TextWriter output)
{
    /// <summary>For the command's help.</summary>
    public const string Details = """
        The doctor checks each remote's credentials, clock and mapped buckets, the right to list them, and one read. It writes nothing to
        any store, and can run next to a proxy. Pass the same settings as to the proxy.

          ✓ settings            Every setting is known and valid.
          ✗ bucket photos       https://s3.example.org does not have the bucket "prod-photos", which photos shows.
                                Correct its name in S3_OVERLAY_BUCKET_MAPPING, or create it there.

        ✓ passed   ✗ failed   ? unknown, or possibly intended
        Exit codes: 0 nothing failed; 1 something failed; 2 the command line is wrong.
        """;

    /// <summary>The column where messages begin.</summary>
    private const int Column = 24;

    public Task<int> RunAsync(string[] settings, bool isJson)
    {
        var findings = new Doctor(ProxyBuilder.FromEnvironment(settings).Configuration, new Machine()).FindAsync(CancellationToken.None);
        return isJson ? WriteJsonAsync(findings) : WriteLinesAsync(findings);
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
            $"{counts.GetValueOrDefault(Verdict.Passed)} passed, {failed} failed, {counts.GetValueOrDefault(Verdict.Undecided)} unknown.");
        return failed == 0 ? ExitCodes.Ok : ExitCodes.CannotRun;
    }

    private async Task<int> WriteJsonAsync(IAsyncEnumerable<Finding> findings)
    {
        var (all, json) = (await findings.ToListAsync(), new JsonLines());
        var checks = all.Select(static finding => new
        {
            check = finding.Subject,
            result = WordOf(finding.Verdict),
            message = finding.Message,
            remedy = finding.Remedy,
            setting = finding.Setting,
        });
        var isFine = all.TrueForAll(static finding => finding.Verdict != Verdict.Failed);
        JsonSerializer.Serialize(json.Writer, new { checks, ok = isFine });
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
