using System.Text.Json;

using S3Overlay.Tests.Run;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Administration;

/// <summary>Each command for a running proxy as a process with pipes, over a scripted remote: output, exit code, Ctrl-C.</summary>
public sealed class CommandProcessTests : IAsyncLifetime
{
    private static readonly string[] Program = ["dotnet", typeof(Proxy.Protocol.S3Request).Assembly.Location];

    private readonly TemporaryFolder _folder = new();
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        foreach (var key in (string[])["2024/a.txt", "2024/b.txt", "c.txt", "d.txt"])
        {
            _remote.Put("photos", key, "one\ntwo\nthree\n"u8.ToArray());
        }

        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"));
        await _proxy.SendAsync("GET", "/photos?list-type=2");
        await _proxy.SendAsync("DELETE", "/photos/2024/a.txt");
        await _proxy.SendAsync("PUT", "/photos/2024/b.txt", "changed\n");
        await _proxy.SendAsync("GET", "/photos/2025/new");
        await _proxy.SendAsync("PUT", "/photos/2025/new", "new\n");
        await _proxy.SendAsync("GET", "/photos/c.txt");
        await _proxy.WhenIdleAsync();
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>The patterns are of the output and of stderr.</summary>
    [Theory]
    [QuickRows(6)]
    [InlineData("changes photos", 0, @"^ +SIZE .*\nD .* photos/2024/a\.txt\nM .*/b\.txt\nA .* photos/2025/new\n$", "^3 changes")]
    [InlineData("changes photos --exit-code --summary", 4, @"^3 changes \(12 bytes\): .*\n$", "^Next: ")]
    [InlineData("changes photos --json", 0, "^({\"bucket\":\"photos\",\"key\":.*}\n){3}$", "^$")]
    [InlineData("changes photos --stat", 0, @"\n +2 .* photos/2024/\n +1 .* photos/2025/\n$", "^3 changes")]
    [InlineData("diff photos/2024/b.txt", 0, @"^M photos/2024/b\.txt\n(.*\n)+-one\n-two\n-three\n\+changed\n", "^$")]
    [InlineData("revert photos", 2, "^$", @"^Revert 2 keys\? Add --yes to do it, or --dry-run .*\n$")]
    [InlineData("revert photos --yes", 0, @"^Reverted 2 keys\. The remote shows again\.\nLeft 1 key: ", "^$")]
    [InlineData("revert photos --dry-run --json", 0, "^{\"done\":true,\"reverted\":2,.*}\n$", "^$")]
    [InlineData("undelete photos/2024/a.txt", 0, @"^Undeleted 1 key\.\n$", "^$")]
    [InlineData("undelete photos/d.txt", 1, "^Nothing to undelete: ", "^$")]
    [InlineData("promote photos --dry-run", 0, @"Would send 2 objects \(12 bytes\) and 0 deletes\.\n$", "^$")]
    [InlineData("warm photos", 0, @"^Brought 1 object \(14 bytes\)\. 1 were cached before \(14 bytes\)\.\n", "^$")]
    [InlineData("warm photos --dry-run --json", 0, "^{\"done\":true,\"brought\":1,.*}\n$", "^$")]
    [InlineData("pin photos/2024/", 0, "^Pinned photos/2024/", "^$")]
    [InlineData("unpin photos/2024/", 1, "^$", "responded: NoSuchPin: photos/2024/ is not pinned")]
    [InlineData("pins", 0, "^$", @"^0 pins\.")]
    [InlineData("cached photos", 0, @"^CACHED .*\n whole .* photos/c\.txt\n$", "^1 entry, 14 bytes cached")]
    [InlineData("cached photos --json", 0, "^{\"bucket\":\"photos\",\"key\":\"c.txt\",.*}\n$", "^$")]
    [InlineData("evict photos/c.txt", 0, @"^Evicted 1 cache entry \(14 bytes\)\.", "^$")]
    [InlineData("evict photos/e.txt", 1, "^$", @"^127\.0\.0\.1:\d+ responded: NoSuchKey: No layer has a key photos/e\.txt\. .*\n$")]
    [InlineData("stats", 0, @"^since .*\nrequests +6\n", "^$")]
    [InlineData("stats --json", 0, "^{\"since\":.*}\n$", "^$")]
    [InlineData("ls photos", 0, @"^LAYER .*\n- .* 2024/\n- .* 2025/\ncache .* c\.txt\nremote .* d\.txt\n$", "^$")]
    [InlineData("ls photos -r --json", 0, "^({\"name\":.*}\n){4}$", "^$")]
    [InlineData("explain photos/c.txt", 0, @"^photos/c\.txt: clients see it, from the cache\n", "^$")]
    [InlineData("explain photos/c.txt --json", 0, "^{\"bucket\":\"photos\",\"key\":\"c.txt\",\"visible\":true,.*}\n$", "^$")]
    [InlineData("compact photos --yes", 0, @"^Checked 1 tombstone, removed 0 that hid nothing\.\n", "^$")]
    [InlineData("tombstones photos", 0, @"Z  2024/a\.txt\n$", @"^1 deleted key\.")]
    [InlineData("admin --json tombstones", 0, "^{\"buckets\":\\[{\"bucket\":\"photos\",.*}\n$", "^$")]
    [InlineData("env --json", 0, "^{\"AWS_ENDPOINT_URL_S3\":\"http://127.0.0.1:\\d+\",.*}\n$", "^$")]
    [InlineData("env", 0, "^export AWS_ENDPOINT_URL_S3=", "^$")]
    public async Task Output_and_exit_code(string line, int code, string output, string errors)
    {
        await using var command = Start(line.Split(' '));
        var result = await command.EndAsync();
        Assert.Matches(errors, result.Errors);
        Assert.Matches(output, result.Output);
        Assert.Equal(code, result.ExitCode);
        Assert.DoesNotContain('\u001b', result.Output + result.Errors);
    }

    [Fact]
    public async Task What_was_reverted_is_imported()
    {
        await using var revert = Start("revert", "photos", "--save", "saved.tar", "--yes");
        var result = await revert.EndAsync();
        Assert.Equal((0, "Reverted 2 keys. The remote shows again.\n"), (result.ExitCode, result.Output));
        Assert.StartsWith("Saved 2 keys to saved.tar.", result.Errors, StringComparison.Ordinal);

        await using var import = Start("import", "saved.tar", "--yes");
        result = await import.EndAsync();
        Assert.Equal((0, "Imported 2 keys.\n", ""), (result.ExitCode, result.Output, result.Errors));
        Assert.Equal("changed\n", (await _proxy.SendAsync("GET", "/photos/2024/b.txt")).Text);
    }

    [Theory]
    [InlineData("tail", "photos", false)]
    [InlineData("record", "photos", false)]
    [InlineData("tail", "photos/2024/", true)]
    public async Task What_happens_is_printed_until_the_proxy_or_Ctrl_C_ends_it(string command, string target, bool isInterrupted)
    {
        await using var watch = Start(command, target);
        await Patience.UntilAsync(() => _proxy.Services.Tail.IsWatched, "Nothing watches.");
        await _proxy.SendAsync("GET", isInterrupted ? "/photos/2024/b.txt" : "/photos/c.txt");
        var line = await watch.ReadLineAsync();
        if (command == "record")
        {
            Assert.Equal("c.txt", JsonDocument.Parse(line!).RootElement.GetProperty("key").GetString());
        }
        else
        {
            Assert.Matches(isInterrupted ? @"  200  local .* photos/2024/b\.txt$" : @"  200  cache HIT .* photos/c\.txt$", line);
        }

        if (isInterrupted)
        {
            await watch.SignalAsync("INT");
        }
        else
        {
            _proxy.Services.Tail.Release();
        }

        var result = await watch.EndAsync();
        Assert.Equal((isInterrupted ? 130 : 0, "", ""), (result.ExitCode, result.Output, result.Errors));
    }

    [Theory]
    [QuickRows(2)]
    [InlineData("changes", "photos")]
    [InlineData("warm", "photos")]
    [InlineData("revert", "photos", "--yes")]
    [InlineData("evict", "photos/slow")]
    public async Task Ctrl_C_ends_a_command_that_waits_for_the_remote(params string[] line)
    {
        var (asked, open) = (NewSource(), NewSource());
        _remote.Script = async (request, _) =>
        {
            if (request.Bucket == "photos")
            {
                asked.TrySetResult();
                await open.Task;
            }

            return ScriptedOutcome.AsUsual;
        };
        await using var command = Start(line);
        await asked.Task.WaitAsync(Patience.Limit);
        await command.SignalAsync("INT");
        var result = await command.EndAsync();
        Assert.Equal((130, "", "Stopped. What was done stays done; run the command again to go on.\n"),
            (result.ExitCode, result.Output, result.Errors));
        open.SetResult();
        _remote.Script = null;
        Assert.Equal("changed\n", (await _proxy.SendAsync("GET", "/photos/2024/b.txt")).Text);

        static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [Theory]
    [QuickRows(2)]
    [InlineData("changes", "photos")]
    [InlineData("diff", "photos/2024/b.txt")]
    [InlineData("revert", "photos", "--yes")]
    [InlineData("undelete", "photos", "--yes")]
    [InlineData("promote", "photos", "--yes")]
    [InlineData("warm", "photos")]
    [InlineData("record")]
    [InlineData("tail")]
    [InlineData("pin", "photos")]
    [InlineData("unpin", "photos")]
    [InlineData("pins")]
    [InlineData("cached")]
    [InlineData("evict", "photos/c.txt")]
    [InlineData("stats")]
    [InlineData("ls", "photos")]
    [InlineData("explain", "photos/c.txt")]
    [InlineData("compact", "photos", "--yes")]
    [InlineData("tombstones")]
    public async Task Wrong_credentials_are_one_line(params string[] line)
    {
        await using var command = Start(line, ("S3_OVERLAY_ACCESS_KEY", "guessed"), ("S3_OVERLAY_SECRET_KEY", "guessed"));
        var result = await command.EndAsync();
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Matches(@"^127\.0\.0\.1:\d+ responded: InvalidAccessKeyId: .* Next: check that guessed is a key .*\n$", result.Errors);
    }

    private RunProcess Start(params string[] line) => Start(line, []);

    private RunProcess Start(string[] line, params (string Name, string Value)[] environment) => RunProcess.StartOther(
        _folder, [.. Program, .. line, .. (string[])(line[0] == "env" ? ["--urls", Url] : ["--endpoint", Url])], environment);

    private string Url => _proxy.Endpoint.GetLeftPart(UriPartial.Authority);
}
