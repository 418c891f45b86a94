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
        var program = typeof(Proxy.Protocol.S3Request).Assembly.Location;
        await File.WriteAllTextAsync(_folder["listen.sh"],
            "trap 'echo typed' INT\necho ready\nread a; read b\necho \"b is $b\"\nexit 5\n");
        await using var run = RunProcess.StartOther(
            _folder, ["script", "-qec", $"exec dotnet {program} run -- sh {_folder["listen.sh"]}", _folder["typescript"]]);
        await SeeAsync(run, "ready");
        await run.WriteAsync(new byte[] { 3 });
        await SeeAsync(run, "typed");
        await run.WriteAsync("x\ny\n"u8.ToArray());
        await SeeAsync(run, "b is");
        var result = await run.EndAsync();

        Assert.Equal(5, result.ExitCode);
        Assert.DoesNotContain("typed", result.Output, StringComparison.Ordinal);
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
