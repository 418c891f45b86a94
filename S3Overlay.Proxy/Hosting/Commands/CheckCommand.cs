using System.Globalization;
using System.Text;
using System.Text.Json;

using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Checking;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>Checks the data folder of the built-in store, and repairs it.</summary>
internal sealed class CheckCommand(TextWriter output, TextWriter errors)
{
    /// <summary>For the command's help.</summary>
    public const string Details = """
        The check compares the database, the log of changes and the object files. Stop the proxy first, and pass the same settings.
        Without --repair it changes nothing that the next start would not change.

        --repair rebuilds a damaged database, moves files that belong to nothing to lost/, and takes lost objects back that are newer than
        the last write and the last delete of their key. It never deletes an object file; --empty-lost does.

        Exit codes: 0 nothing is wrong, or everything was repaired; 1 something is wrong; 2 the command line or a setting is wrong.
        """;

    /// <summary>How many problems and lost files are listed.</summary>
    private const int Listed = 100;

    /// <summary>Runs the check with the settings of a proxy.</summary>
    public async Task<int> RunAsync(string[] settings, CheckOptions what, bool isJson)
    {
        if (ProxyBuilder.ReadOptions(ProxyBuilder.FromEnvironment(settings).Configuration, errors, out _) is not { } options)
        {
            return ExitCodes.BadConfiguration;
        }

        if (options.Local.Endpoint is not null)
        {
            await errors.WriteLineAsync(
                "The local layer is an S3 endpoint (S3_OVERLAY_LOCAL_ENDPOINT). \"check\" is for the built-in store. "
                + "Try \"s3overlay doctor\".");
            return ExitCodes.BadConfiguration;
        }

        using var stopping = new CancellationTokenSource();
        void Stop(object? sender, ConsoleCancelEventArgs key) => (key.Cancel, _) = (true, stopping.CancelAsync());
        Console.CancelKeyPress += Stop;
        try
        {
            var folder = options.Local.DataDirectory;
            var report = await StoreCheck.RunAsync(
                new EmbeddedOptions { Folder = folder, IsDurable = options.Local.IsDurable, Region = options.Local.BucketLocation }, what,
                looked => errors.WriteLine($"{Number(looked)} objects checked..."), stopping.Token);
            await (isJson ? WriteJsonAsync(report) : WriteLinesAsync(report, folder, what));
            return report.IsSound ? ExitCodes.Ok : ExitCodes.CannotRun;
        }
        catch (StoreUnavailableException problem)
        {
            await errors.WriteLineAsync(problem.Message);
            return ExitCodes.CannotRun;
        }
        catch (IOException problem)
        {
            await errors.WriteLineAsync($"The check failed: {problem.Message}");
            return ExitCodes.CannotRun;
        }
        catch (OperationCanceledException)
        {
            await errors.WriteLineAsync("The check was interrupted.");
            return ExitCodes.CannotRun;
        }
        finally
        {
            Console.CancelKeyPress -= Stop;
        }
    }

    private async Task WriteLinesAsync(CheckReport report, string folder, CheckOptions what)
    {
        await output.WriteLineAsync($"{folder}: {Number(report.Objects)} objects with {Number(report.Bytes)} bytes, "
            + $"{Number(report.Tombstones)} tombstones, {Number(report.Uploads)} open uploads.");
        foreach (var problem in report.Problems.Take(Listed))
        {
            var name = problem.Bucket is null ? "" : $" ({problem.Bucket}/{problem.Key})";
            await output.WriteLineAsync($"  {(problem.IsRepaired ? '✓' : '✗')} {problem.What}{name}");
        }

        await WriteMoreAsync(report.Problems.Count);
        foreach (var done in report.Done)
        {
            await output.WriteLineAsync($"  ✓ {done}");
        }

        if (report.Lost.Count > 0)
        {
            await output.WriteLineAsync($"{Number(report.Lost.Count)} files in lost/, which belong to nothing:");
            foreach (var file in report.Lost.Take(Listed))
            {
                var name = file.Key is null ? ""
                    : $"{file.Bucket}/{file.Key}, {Number(file.Size)} bytes, {file.Modified:yyyy-MM-dd HH:mm}: ";
                await output.WriteLineAsync($"  {file.File}  {name}{file.Why}");
            }

            await WriteMoreAsync(report.Lost.Count);
            await output.WriteLineAsync("Delete them with \"s3overlay check --empty-lost\".");
        }

        var wrong = report.Problems.Count(static problem => !problem.IsRepaired);
        var problems = wrong == 1 ? "One problem" : $"{Number(wrong)} problems";
        await output.WriteLineAsync(wrong == 0 ? "Nothing is wrong."
            : $"{problems}. {(what.MustRepair ? "They need you." : "Run \"s3overlay check --repair\".")}");
    }

    private Task WriteMoreAsync(int count) => count <= Listed ? Task.CompletedTask
        : output.WriteLineAsync($"  ... and {Number(count - Listed)} more. Print all with --json.");

    private async Task WriteJsonAsync(CheckReport report)
    {
        var json = new JsonLines();
        JsonSerializer.Serialize(json.Writer, new
        {
            objects = report.Objects,
            bytes = report.Bytes,
            tombstones = report.Tombstones,
            uploads = report.Uploads,
            problems = report.Problems.Select(static problem => new
            {
                what = problem.What,
                bucket = problem.Bucket,
                key = problem.Key,
                repaired = problem.IsRepaired,
            }),
            done = report.Done,
            lost = report.Lost.Select(static file => new
            {
                file = file.File,
                bucket = file.Bucket,
                key = file.Key,
                size = file.Size,
                modified = file.Modified,
                why = file.Why,
            }),
            ok = report.IsSound,
        });
        await output.WriteAsync(Encoding.UTF8.GetString(json.EndLine().Span));
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
