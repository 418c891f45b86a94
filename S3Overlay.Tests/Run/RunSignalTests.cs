using System.Diagnostics;

using S3Overlay.Proxy.Hosting.Run.SharedCache;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Run;

/// <summary>Signals to a run are the command's.</summary>
public sealed class RunSignalTests : IDisposable
{
    /// <summary>Says which signals arrive, and ends with 7 after the second.</summary>
    private static readonly string[] Listener =
    [
        "sh", "-c", "sleep 600 & p=$!; for s in TERM HUP INT; do trap \"echo $s\" $s; done; echo ready; wait $p; wait $p; kill $p; exit 7",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("INT")]
    public async Task A_signal_to_the_run_is_passed_on_each_time(string signal)
    {
        // Without a terminal, even SIGINT cannot have reached the command already.
        await using var run = RunProcess.Start(_folder, ["--", .. Listener], [], "setsid");
        Assert.Equal("ready", await run.ReadLineAsync());
        await run.SignalAsync(signal);
        Assert.Equal(signal, await run.ReadLineAsync());
        await run.SignalAsync(signal);
        Assert.Equal(signal, await run.ReadLineAsync());

        Assert.Equal((7, ""), ((await run.EndAsync()) is var end ? (end.ExitCode, end.Output) : default));
    }

    [Fact]
    public async Task Ctrl_C_at_a_terminal_reaches_the_command_once()
    {
        // "script" gives the run a terminal of its own and types what it reads. Not every shell replaces itself with its last command:
        // without "exec", Ctrl-C ends the shell in between.
        await File.WriteAllTextAsync(_folder["listen.sh"],
            "trap 'echo typed' INT\necho ready\nread a; read b\necho \"b is $b\"\nexit 5\n");
        await using var run = RunProcess.StartOther(
            _folder,
            ["script", "-qec", $"exec {string.Join(' ', ProxyProgram.Command)} run -- sh {_folder["listen.sh"]}", _folder["typescript"]]);
        await SeeAsync(run, "ready");
        await run.WriteAsync(new byte[] { 3 });
        await SeeAsync(run, "typed");
        await run.WriteAsync("x\ny\n"u8.ToArray());
        await SeeAsync(run, "b is");
        var result = await run.EndAsync();

        Assert.Equal(5, result.ExitCode);
        Assert.DoesNotContain("typed", result.Output, StringComparison.Ordinal);
    }

    /// <summary>The run waits for another one that starts or ends the shared cache.</summary>
    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    public async Task A_signal_before_the_command_begins_ends_the_run_at_once(string signal, int code)
    {
        Directory.CreateDirectory(_folder["caches/s3overlay/run"]);
        await using var remote = await ScriptedRemote.StartAsync();
        using var starting = FileLock.TryTake(_folder["caches/s3overlay/run/starting"]);
        await using var run = RunProcess.Start(
            _folder, [.. RunProcess.Over(remote.Endpoint), "--", "echo", "begun"], [], "setsid");
        await Patience.UntilAsync(() => Directory.GetDirectories(_folder.Path, "s3overlay-run-*").Length > 0, "The run does not begin.");
        var waited = Stopwatch.StartNew();
        await run.SignalAsync(signal);
        var result = await run.EndAsync();

        Assert.Equal((code, ""), (result.ExitCode, result.Output));
        Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), $"The run went on for {waited.Elapsed}.");
    }

    /// <summary>The count of changes waits for a remote that does not respond.</summary>
    [Fact]
    public async Task A_signal_after_the_command_has_ended_ends_the_run_at_once()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.AddBucket("photos");
        await using var run = await RunProcess.StartClientAsync(_folder, remote.Endpoint, "--no-cache");
        Assert.Equal(200, (await run.Http.SendAsync("PUT", "/photos/k", "mine"u8.ToArray())).Status);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        remote.Script = async (_, context) =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return ScriptedOutcome.Answered;
        };
        var ending = run.EndAsync();
        await asked.Task.WaitAsync(Patience.Limit);
        var waited = Stopwatch.StartNew();
        await run.SignalAsync("TERM");

        Assert.Equal(0, (await ending).ExitCode);
        Assert.True(waited.Elapsed < TimeSpan.FromSeconds(20), $"The run went on for {waited.Elapsed}.");
    }

    private static async Task SeeAsync(RunProcess run, string text)
    {
        string? line;
        do
        {
            line = await run.ReadLineAsync();
        }
        while (line is not null && !line.Contains(text, StringComparison.Ordinal));
        Assert.NotNull(line);
    }
}
