using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>The administration commands as users type them: output, suggested next steps, and exit codes.</summary>
public sealed class AdminCommandTests : IAsyncLifetime
{
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("photos", "2024/a b.jpg", new byte[2000]);
        _remote.Put("photos", "2024/c.jpg", new byte[3000]);
        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task A_key_is_explained_and_what_to_do_about_it()
    {
        var (code, output, _) = await RunAsync("explain", "photos/2024/c.jpg");
        Assert.Equal(0, code);
        Assert.Contains("clients see it, from the remote", output, StringComparison.Ordinal);
        await _proxy.SendAsync("GET", "/photos/2024/c.jpg");
        Assert.Contains("all of 2.9 KiB", (await RunAsync("explain", "s3://photos/2024/c.jpg")).Output, StringComparison.Ordinal);
        _remote.Put("photos", "2024/c.jpg", new byte[10]);
        Assert.Contains("s3overlay evict photos/2024/c.jpg", (await RunAsync("explain", "photos/2024/c.jpg")).Output,
            StringComparison.Ordinal);
        await _proxy.SendAsync("DELETE", "/photos/2024/a%20b.jpg");
        var deleted = (await RunAsync("explain", "photos/2024/a b.jpg", "--no-remote")).Output;
        Assert.Contains("clients do not see it", deleted, StringComparison.Ordinal);
        Assert.Contains("s3overlay undelete 'photos/2024/a b.jpg'", deleted, StringComparison.Ordinal);
        Assert.Contains("not asked", deleted, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deletes_are_listed_undone_and_compacted()
    {
        foreach (var key in (string[])["2024/a%20b.jpg", "2024/c.jpg", "gone"])
        {
            await _proxy.SendAsync("DELETE", "/photos/" + key);
        }

        Assert.Equal((0, "photos\n"), Result(await RunAsync("tombstones")));
        var listed = await RunAsync("tombstones", "photos");
        Assert.Equal((0, "2024/a b.jpg\n2024/c.jpg\ngone\n"), Undated(listed));
        Assert.Contains("3 deleted keys. Next: ", listed.Errors, StringComparison.Ordinal);
        Assert.Equal((0, "2024/a b.jpg\n"), Undated(await RunAsync("tombstones", "photos", "--limit", "1")));
        Assert.Contains("removed 1 that hid nothing", (await RunAsync("compact", "photos")).Output, StringComparison.Ordinal);
        Assert.Contains("Undeleted 1 key.", (await RunAsync("undelete", "photos/2024/c.jpg")).Output, StringComparison.Ordinal);
        Assert.Contains("Undeleted 1 key.", (await RunAsync("undelete", "photos", "--prefix=2024/", "--yes")).Output,
            StringComparison.Ordinal);
        Assert.Equal(200, (await _proxy.SendAsync("GET", "/photos/2024/a%20b.jpg")).Status);
        Assert.Contains("Next: to see what was deleted", (await RunAsync("undelete", "--all", "--yes")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Undelete_of_a_key_that_was_not_deleted_says_why_it_did_nothing()
    {
        await _proxy.SendAsync("PUT", "/photos/2024/c.jpg", "mine");

        var (code, output, _) = await RunAsync("undelete", "photos/2024/c.jpg");
        Assert.Equal(1, code);
        Assert.Contains("Nothing to undelete: photos/2024/c.jpg was written here, not deleted.", output, StringComparison.Ordinal);
        Assert.Contains("s3overlay revert photos/2024/c.jpg", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Undeleted", output, StringComparison.Ordinal);
        Assert.Equal("mine", (await _proxy.SendAsync("GET", "/photos/2024/c.jpg")).Text);

        (code, output, _) = await RunAsync("undelete", "photos/2024/a b.jpg");
        Assert.Equal(1, code);
        Assert.Contains("was not deleted here", output, StringComparison.Ordinal);
        Assert.Contains("s3overlay explain 'photos/2024/a b.jpg'", output, StringComparison.Ordinal);
        Assert.Equal((1, "{\"done\":true,\"tombstones\":0,\"buckets\":0,\"kept\":0}\n"),
            Result(await RunAsync("undelete", "photos/2024/c.jpg", "--json")));
    }

    [Fact]
    public async Task Cache_entries_are_evicted()
    {
        await _proxy.SendAsync("GET", "/photos/2024/c.jpg");
        Assert.Contains("Evicted 1 cache entry (2.9 KiB)", (await RunAsync("evict", "--all", "--yes")).Output, StringComparison.Ordinal);
        var (code, output, errors) = await RunAsync("evict", "photos", "--json", "--yes");
        Assert.Equal((0, "{\"done\":true,\"entries\":0,\"bytes\":0,\"failed\":0,\"pinned\":0}\n", ""), (code, output, errors));
    }

    [Fact]
    public async Task A_key_cannot_write_to_the_terminal()
    {
        await _proxy.SendAsync("DELETE", "/photos/a%1B%5B2Jb");
        Assert.Equal((0, "\"a\\u001B[2Jb\"\n"), Undated(await RunAsync("tombstones", "photos")));
        Assert.DoesNotContain('\u001b', (await RunAsync("explain", "photos/a\u001b[2Jb")).Output);
    }

    [Fact]
    public async Task What_is_refused_says_why()
    {
        var (code, _, errors) = await RunAsync("evict", "--all", "--S3_OVERLAY_ACCESS_KEY=guessed", "--S3_OVERLAY_SECRET_KEY=guessed");
        Assert.Equal(1, code);
        Assert.Contains("InvalidAccessKeyId", errors, StringComparison.Ordinal);
        Assert.Contains("\"admin\": true", errors, StringComparison.Ordinal);
        (code, _, errors) = await RunAsync("compact", "s3-overlay-cache");
        Assert.Equal(1, code);
        Assert.Contains("NoSuchBucket", errors, StringComparison.Ordinal);
        (code, _, errors) = await RunAsync("explain", "photos", "--endpoint", _remote.Endpoint.ToString());
        Assert.Equal(1, code);
        Assert.Contains("Is it another server?", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_that_is_not_there_is_reported()
    {
        var endpoint = _proxy.Endpoint;
        await using (var other = await OverlayHost.StartEmbeddedAsync(null))
        {
            endpoint = other.Endpoint;
        }

        var (code, _, errors) = await RunAsync("evict", "--all", "--endpoint", endpoint.ToString());
        Assert.Equal(1, code);
        Assert.Contains("does not answer", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Did you mean 'evict'?", "evcit", "photos")]
    [InlineData("Did you mean 'undelete'?", "undelte")]
    [InlineData("Did you mean '--prefix'?", "evict", "photos", "--perfix", "2024/")]
    [InlineData("Did you mean '--prefix'?", "evict", "--prefx", "2024/", "photos")]
    [InlineData("Did you mean '--endpoint'?", "evict", "--endpont", "http://127.0.0.1:9000", "--all")]
    [InlineData("Unrecognized command or argument 'other'", "evict", "photos", "other")]
    [InlineData("Name a bucket: evict BUCKET", "evict")]
    [InlineData("Name a bucket: undelete BUCKET", "undelete", "--prefix", "x")]
    [InlineData("Required argument 'TARGET' missing", "explain")]
    [InlineData("Required argument missing for option: '--prefix'", "evict", "photos", "--prefix")]
    [InlineData("--limit needs a number", "tombstones", "photos", "--limit", "few")]
    [InlineData("For one key, use: explain", "tombstones", "photos/key")]
    [InlineData("--endpoint needs a URL", "evict", "photos", "--endpoint", "here")]
    public async Task A_wrong_command_line_is_explained(string problem, params string[] line)
    {
        var (code, output, errors) = await RunAsync(line);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(problem, errors, StringComparison.Ordinal);
        Assert.Matches("s3overlay ([a-z]+ )?--help", errors);
    }

    [Fact]
    public async Task Help_names_every_command_and_no_old_name()
    {
        using var output = new StringWriter { NewLine = "\n" };
        Assert.Equal(0, await CommandLine.RunAsync(["--help"], output, output));
        Assert.All(["explain", "tombstones", "evict", "undelete", "compact"],
            call => Assert.Contains($"\n  {call} ", output.ToString(), StringComparison.Ordinal));
        Assert.DoesNotContain("discard", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("\n  admin ", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_one_key_is_changed_only_after_a_question()
    {
        foreach (var key in (string[])["2024/a%20b.jpg", "2024/c.jpg"])
        {
            await _proxy.SendAsync("GET", "/photos/" + key);
        }

        var (code, output, errors) = await RunAsync("evict", "photos/2024/");
        Assert.Equal((2, ""), (code, output));
        Assert.Equal("Evict 2 cache entries (4.9 KiB)? Add --yes to do it, or --dry-run to see what would change.\n", errors);
        Assert.Equal((0, "Would evict 2 cache entries (4.9 KiB).\n"), Result(await RunAsync("evict", "photos", "--dry-run")));
        Assert.Equal("HIT", (await _proxy.SendAsync("GET", "/photos/2024/c.jpg")).Headers["x-cache"]);
        Assert.Equal(0, (await RunAsync("evict", "photos/2024/c.jpg")).Code);
        Assert.Equal(0, (await RunAsync("evict", "photos")).Code);
        Assert.Equal("MISS", (await _proxy.SendAsync("GET", "/photos/2024/a%20b.jpg")).Headers["x-cache"]);

        await _proxy.SendAsync("DELETE", "/photos/2024/c.jpg");
        await _proxy.SendAsync("DELETE", "/photos/gone");
        Assert.Contains("Would undelete 2 keys.", (await RunAsync("undelete", "photos", "-n")).Output, StringComparison.Ordinal);
        Assert.Contains("would remove 1", (await RunAsync("compact", "photos", "-n")).Output, StringComparison.Ordinal);
        Assert.Contains("Undelete 2 keys?", (await RunAsync("undelete", "photos")).Errors, StringComparison.Ordinal);
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/photos/2024/c.jpg")).Status);
    }

    [Fact]
    public async Task Each_call_has_help_with_examples()
    {
        var (code, output, _) = await RunAsync("evict", "--help");
        Assert.Equal(0, code);
        Assert.Contains("--prefix", output, StringComparison.Ordinal);
        Assert.Contains("Examples:\n  s3overlay evict", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evict", "drop", "Evicted 0 cache entries")]
    [InlineData("undelete", "discard", "Nothing to undelete.")]
    public async Task Old_names_still_work(string name, string oldName, string expected)
    {
        foreach (var line in (string[][])[["admin", name], ["admin", oldName]])
        {
            var (code, output, _) = await RunAsync([.. line, "photos"]);
            Assert.Equal(0, code);
            Assert.Contains(expected, output, StringComparison.Ordinal);
        }

        using var text = new StringWriter();
        Assert.Equal(0, await CommandLine.RunAsync(["admin", "--endpoint", _proxy.Endpoint.ToString(), oldName, "photos"], text, text));
        Assert.Equal(200, (await _proxy.SendAsync("POST", $"/-/v1/{oldName}?bucket=photos")).Status);
    }

    private static (int Code, string Output) Result((int Code, string Output, string Errors) run) => (run.Code, run.Output);

    /// <summary>The result without the date at the start of each line.</summary>
    private static (int Code, string Output) Undated((int Code, string Output, string Errors) run) =>
        (run.Code, string.Concat(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            Assert.Matches("^[0-9-]+T[0-9:]+Z  ", line);
            return line[(line.IndexOf("Z  ", StringComparison.Ordinal) + 3)..] + "\n";
        })));

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] line)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        string[] where = line.Contains("--endpoint") ? [] : ["--endpoint", _proxy.Endpoint.ToString()];
        var code = await CommandLine.RunAsync([.. line.TakeWhile(IsName), .. where, .. line.SkipWhile(IsName)], output, errors);
        return (code, output.ToString(), errors.ToString());

        static bool IsName(string word) =>
            word is "admin" or "explain" or "tombstones" or "evict" or "undelete" or "compact" or "drop" or "discard";
    }
}
