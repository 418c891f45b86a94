using System.Diagnostics;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text.Json;

using S3Overlay.Proxy.Hosting.Run.SharedCache;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Run;

/// <summary>Runs share what was read from the remote, and its cost.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SharedCacheTests : IAsyncLifetime
{
    private const int Objects = 4;
    private const int Size = 300_000;

    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _bytes = RandomNumberGenerator.GetBytes(Size);
    private ScriptedRemote _remote = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        foreach (var key in Keys)
        {
            _remote.Put("photos", key, _bytes);
        }
    }

    public async Task DisposeAsync()
    {
        // Runs that were killed leave their cache's process running.
        foreach (var proxy in Proxies())
        {
            using var process = Process.GetProcessById(proxy.GetProperty("Process").GetInt32());
            process.Kill();
            await process.WaitForExitAsync();
        }

        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    private static IEnumerable<string> Keys => Enumerable.Range(0, Objects).Select(static number => $"object-{number}");

    private long BytesSent => Keys.Sum(key => _remote.BodyBytesSent("photos", key));

    private string RunFolder => _folder["caches/s3overlay/run"];

    [Fact]
    public async Task A_later_run_reads_from_the_cache()
    {
        Assert.Contains("4 reads of remote objects, 0 from the cache (0 %), 0 bytes saved", await ReadInARunAsync(),
            StringComparison.Ordinal);

        // The process of the cache has ended with its last run, so its folder can be saved.
        Assert.Empty(Proxies());
        var asked = _remote.Requests.Count(static request => request.Key.Length > 0);
        Assert.Contains("4 reads of remote objects, 4 from the cache (100 %), 1.1 MiB saved", await ReadInARunAsync(),
            StringComparison.Ordinal);
        Assert.Equal(Objects * Size, BytesSent);
        Assert.Equal(asked, _remote.Requests.Count(static request => request.Key.Length > 0));
    }

    [Fact]
    public async Task Two_runs_at_once_read_everything_from_the_remote_once()
    {
        var gate = new TaskCompletionSource();
        _remote.Script = (request, _) => Task.FromResult(
            request is { Method: "GET", Key.Length: > 0 } ? new ScriptedOutcome { GateAfter = (Size / 2, gate) } : ScriptedOutcome.AsUsual);
        var starting = new[] { StartAsync(), StartAsync() };
        await using var first = await starting[0];
        await using var second = await starting[1];
        Assert.Single(Proxies());
        var reading = Task.WhenAll(ReadAllAsync(first), ReadAllAsync(second));
        await _remote.UntilAsync(() => BytesSent >= Objects * (Size / 2), "The remote is not asked.");
        gate.SetResult();
        await reading;

        Assert.Equal(0, (await first.EndAsync()).ExitCode);
        Assert.Equal(0, (await second.EndAsync()).ExitCode);
        Assert.InRange(BytesSent, Objects * Size, Objects * Size * 1.1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_ends_or_is_killed_first_costs_the_other_nothing(bool isKilled)
    {
        var gate = new TaskCompletionSource();
        _remote.Script = (request, _) => Task.FromResult(
            request is { Method: "GET", Key.Length: > 0 } ? new ScriptedOutcome { GateAfter = (Size / 2, gate) } : ScriptedOutcome.AsUsual);
        await using var first = await StartAsync();
        await using var second = await StartAsync();
        var cutShort = ReadAllAsync(first);
        await _remote.UntilAsync(() => BytesSent >= Objects * (Size / 2), "The remote is not asked.");
        await (isKilled ? first.KillAsync() : first.EndAsync());
        Assert.NotNull(await Record.ExceptionAsync(() => cutShort));
        var reading = ReadAllAsync(second);
        gate.SetResult();
        await reading;

        Assert.Equal(0, (await second.EndAsync()).ExitCode);
        Assert.InRange(BytesSent, Objects * Size, Objects * Size * 1.1);
        Assert.Empty(Proxies());
    }

    [Fact]
    public async Task The_cache_ends_after_a_killed_run_and_another_can_start()
    {
        await using (var run = await StartAsync())
        {
            await ReadAllAsync(run);
            await run.KillAsync();
        }

        await Patience.UntilAsync(() => Proxies().Count == 0, "The cache does not end.");
        Assert.Contains("4 from the cache (100 %)", await ReadInARunAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_cache_is_replaced_at_the_next_run()
    {
        await using (var run = await StartAsync())
        {
            await ReadAllAsync(run);
            using (var cache = Process.GetProcessById(Assert.Single(Proxies()).GetProperty("Process").GetInt32()))
            {
                cache.Kill();
                await cache.WaitForExitAsync();
            }

            Assert.Contains("warning: the shared cache ended", (await run.EndAsync()).Errors, StringComparison.Ordinal);
        }

        Assert.Contains("4 reads of remote objects", await ReadInARunAsync(), StringComparison.Ordinal);
        Assert.Empty(Proxies());
    }

    /// <summary>Runs begin while the cache starts, serves, ends and has just ended.</summary>
    [Fact, FullRun("forty processes")]
    public async Task Runs_that_begin_at_any_moment_find_the_cache_or_start_it()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 40), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (number, _) =>
        {
            await Task.Delay(number * 37 % 10 * 50, CancellationToken.None);
            await using var run = await StartAsync("--cache-linger", $"{number * 53 % 7 * 100}ms");
            await ReadAllAsync(run);
            var result = await run.EndAsync();
            Assert.Equal(0, result.ExitCode);
            Assert.DoesNotContain("warning", result.Errors, StringComparison.Ordinal);
        });

        await Patience.UntilAsync(() => Proxies().Count == 0, "The cache does not end.");
        Assert.InRange(BytesSent, Objects * Size, Objects * Size * 1.1);
    }

    [Fact]
    public async Task Other_credentials_have_another_cache_and_secrets_are_private()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync("--S3_OVERLAY_REMOTE_ACCESS_KEY_ID=other");
        await ReadAllAsync(first);
        await ReadAllAsync(second);

        Assert.Equal(2 * Objects * Size, BytesSent);
        var proxies = Proxies();
        Assert.Equal(2, proxies.Count);
        Assert.Equal(2, proxies.Select(static proxy => proxy.GetProperty("Store").GetString()).Distinct().Count());
        foreach (var proxy in proxies)
        {
            var line = await File.ReadAllTextAsync($"/proc/{proxy.GetProperty("Process").GetInt32()}/cmdline");
            Assert.Contains("shared-cache", line, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", line, StringComparison.Ordinal);

            // Its keys may only read.
            var http = new SignedHttp(new Uri(proxy.GetProperty("Endpoint").GetString()!), proxy.GetProperty("AccessKey").GetString()!,
                proxy.GetProperty("SecretKey").GetString()!);
            Assert.Equal(200, (await http.SendAsync("GET", "/photos/object-0")).Status);
            Assert.Equal(403, (await http.SendAsync("PUT", "/photos/object-0", "x"u8.ToArray())).Status);
        }

        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.All(Directory.GetFiles(RunFolder), file => Assert.Equal(Private, File.GetUnixFileMode(file)));
        Assert.Equal(Private | UnixFileMode.UserExecute, File.GetUnixFileMode(RunFolder));
        Assert.Equal(0, (await first.EndAsync()).ExitCode);
        Assert.Equal(0, (await second.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task An_unused_cache_makes_way_for_one_with_other_settings()
    {
        await using (var run = await StartAsync("--cache-linger", "1h"))
        {
            await ReadAllAsync(run);
            await run.EndAsync();
        }

        // Another process, and the same objects.
        Assert.Contains("4 from the cache (100 %)", await ReadInARunAsync("--S3_OVERLAY_REMOTE_BUDGET=9m"), StringComparison.Ordinal);
        Assert.Equal(Objects * Size, BytesSent);
        Assert.Empty(Proxies());
    }

    [Fact]
    public async Task A_run_without_linger_ends_the_cache_of_a_run_with_one()
    {
        await using (var run = await StartAsync("--cache-linger", "1h"))
        {
            await ReadAllAsync(run);
            await run.EndAsync();
        }

        Assert.Single(Proxies());
        Assert.DoesNotContain("warning", await ReadInARunAsync(), StringComparison.Ordinal);
        Assert.Empty(Proxies());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1h")]
    public async Task The_exit_code_is_the_command_s_even_if_the_cache_s_folder_is_gone(string linger)
    {
        var result = await RunProcess.RunAsync(_folder,
        [
            .. RunProcess.Over(_remote.Endpoint), "--cache-linger", linger, "--", "sh", "-c", "mv \"$XDG_CACHE_HOME\" gone; exit 7",
        ]);

        Assert.Equal(7, result.ExitCode);
        Assert.Contains("warning: the shared cache ended", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_remotes_and_mappings_look_the_same_through_the_cache()
    {
        var endpoint = _remote.Endpoint.GetLeftPart(UriPartial.Authority);
        await using var run = await RunProcess.StartClientAsync(_folder, null,
            "--S3_OVERLAY_REMOTES=models,public", "--S3_OVERLAY_REMOTE_MODELS_ENDPOINT=" + endpoint,
            "--S3_OVERLAY_REMOTE_MODELS_ACCESS_KEY_ID=k", "--S3_OVERLAY_REMOTE_MODELS_SECRET_ACCESS_KEY=s",
            "--S3_OVERLAY_REMOTE_MODELS_BACKS=data/models/:photos", "--S3_OVERLAY_REMOTE_PUBLIC_ENDPOINT=" + endpoint,
            "--S3_OVERLAY_REMOTE_PUBLIC_ANONYMOUS=true", "--S3_OVERLAY_REMOTE_PUBLIC_BACKS=photos");
        Assert.Equal(_bytes, (await run.Http.SendAsync("GET", "/data/models/object-0")).Body);
        Assert.Equal(_bytes, (await run.Http.SendAsync("GET", "/photos/object-1")).Body);
        Assert.Equal(404, (await run.Http.SendAsync("GET", "/data/object-0")).Status);
        Assert.Equal(404, (await run.Http.SendAsync("GET", "/other/object-0")).Status);
        Assert.Equal(200, (await run.Http.SendAsync("PUT", "/data/mine", "x"u8.ToArray())).Status);
        var buckets = (await run.Http.SendAsync("GET", "/")).Text;
        Assert.All(["<Name>data</Name>", "<Name>photos</Name>"], name => Assert.Contains(name, buckets, StringComparison.Ordinal));
        var listed = (await run.Http.SendAsync("GET", "/data?list-type=2")).Text;
        Assert.All(["<Key>mine</Key>", "<Key>models/object-3</Key>"], key => Assert.Contains(key, listed, StringComparison.Ordinal));
        var result = await run.EndAsync();

        Assert.Contains("changes: 1 written, 0 deleted, discarded\n", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Caches_not_in_use_are_deleted_when_all_together_exceed_the_limit()
    {
        var stores = _folder["stores"];
        string[] names = ["old", "busy", "recent"];
        foreach (var (name, number) in names.Select(static (name, number) => (name, number)))
        {
            using var other = await StoreFolder.TakeAsync(stores, name);
            Directory.CreateDirectory(StoreFolder.Data(other.Path));
            other.NoteUse(100);
            File.SetLastWriteTimeUtc(Path.Combine(other.Path, "used"), DateTime.UtcNow.AddDays(number - 10));
        }

        using var busy = await StoreFolder.TakeAsync(stores, "busy");
        using var own = await StoreFolder.TakeAsync(stores, "own");
        own.Trim(own: 50, limit: 400);
        Assert.Equal(4, Directory.GetDirectories(stores).Length);
        own.Trim(own: 150, limit: 400);
        Assert.Equal(["busy", "own", "recent"], Directory.GetDirectories(stores).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        own.Trim(own: 390, limit: 400);
        Assert.Equal(["busy", "own"], Directory.GetDirectories(stores).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_cache_holds_no_pipe_of_the_run_open()
    {
        // The shell's third file is the same pipe as its output.
        string[] command =
        [
            .. ProxyProgram.Command, "run", .. RunProcess.Over(_remote.Endpoint),
            "--cache-linger", "1h", "--", "true",
        ];
        await using var run = RunProcess.StartOther(_folder, ["bash", "-c", "exec 3>&1; exec \"$@\"", "bash", .. command]);

        // Returns at the end of the output: nothing has it open any more.
        Assert.Equal(0, (await run.EndAsync()).ExitCode);
        Assert.Single(Proxies());
    }

    [Fact]
    public async Task Warnings_of_the_cache_appear_in_the_run()
    {
        var result = await RunProcess.RunAsync(_folder,
        [
            "--remote-endpoint", _remote.Endpoint.GetLeftPart(UriPartial.Authority), "--remote-profile", "no-such-profile",
            "--bucket-mapping", "photos:photos", "--cache-linger", "0", "--", "sh", "-c", "sleep 1",
        ]);

        Assert.Equal((0, ""), (result.ExitCode, result.Output));
        Assert.Contains("There is no AWS profile 'no-such-profile' (S3_OVERLAY_REMOTE_PROFILE)", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_usable_cache_folder_of_its_own_a_run_goes_on()
    {
        await File.WriteAllTextAsync(_folder["caches"], "");
        await using var run = await StartAsync();
        await ReadAllAsync(run);
        var result = await run.EndAsync();

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("warning: the shared cache cannot be used", result.Errors, StringComparison.Ordinal);
    }

    private Task<RunProcess> StartAsync(params string[] options) =>
        RunProcess.StartClientAsync(_folder, _remote.Endpoint, options);

    private async Task<string> ReadInARunAsync(params string[] options)
    {
        await using var run = await StartAsync(options);
        await ReadAllAsync(run);
        var result = await run.EndAsync();
        Assert.Equal(0, result.ExitCode);
        return result.Errors;
    }

    private async Task ReadAllAsync(RunProcess run)
    {
        foreach (var response in await Task.WhenAll(Keys.Select(key => run.Http.SendAsync("GET", "/photos/" + key))))
        {
            Assert.Equal(200, response.Status);
            Assert.Equal(_bytes, response.Body);
        }
    }

    /// <summary>The shared proxies that serve or were killed.</summary>
    private List<JsonElement> Proxies()
    {
        if (!Directory.Exists(RunFolder))
        {
            return [];
        }

        return [.. Directory.GetFiles(RunFolder, "*.proxy").Select(static file => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement)];
    }
}
