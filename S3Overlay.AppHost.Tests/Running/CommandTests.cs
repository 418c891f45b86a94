using Amazon.S3.Model;

namespace S3Overlay.AppHost.Tests.Running;

/// <summary>The commands of the overlay's resource, executed as the dashboard executes them.</summary>
[Collection(EmbeddedStack.Name)]
public sealed class CommandTests(EmbeddedStack stack)
{
    [OrchestratorFact]
    public async Task Drop_cache_makes_every_read_a_miss()
    {
        await stack.HitAsync("logs/2026/11/app.log");

        await ExecuteAsync("drop-cache");

        Assert.Equal("MISS", await stack.ReadAsync("logs/2026/11/app.log"));
    }

    [OrchestratorFact]
    public async Task Evict_drops_one_key_and_no_other()
    {
        await stack.GivenAsync("evict/one", "evict/other");
        await stack.HitAsync("evict/one");
        await stack.HitAsync("evict/other");

        await ExecuteAsync("evict", ("bucket", EmbeddedStack.Bucket), ("key", "evict/one"));

        Assert.Equal(("MISS", "HIT"), (await stack.ReadAsync("evict/one"), await stack.ReadAsync("evict/other")));
    }

    [OrchestratorFact]
    public async Task Undelete_takes_back_the_deletes_below_a_prefix()
    {
        await stack.GivenAsync("undelete/a", "undelete/b", "deleted/c");
        foreach (var key in (string[])["undelete/a", "undelete/b", "deleted/c"])
        {
            await stack.Overlay.DeleteObjectAsync(EmbeddedStack.Bucket, key);
        }

        await ExecuteAsync("undelete", ("bucket", EmbeddedStack.Bucket), ("prefix", "undelete/"));

        var keys = await EmbeddedStack.KeysAsync(stack.Overlay);
        Assert.Equal((true, true, false), (keys.Contains("undelete/a"), keys.Contains("undelete/b"), keys.Contains("deleted/c")));
    }

    [OrchestratorFact]
    public async Task Reset_overlay_takes_back_every_delete_and_keeps_writes()
    {
        await stack.Overlay
            .PutObjectAsync(new PutObjectRequest { BucketName = EmbeddedStack.Bucket, Key = "kept.txt", ContentBody = "mine" });
        await stack.Overlay.DeleteObjectAsync(EmbeddedStack.Bucket, "photos/photo-2.jpg");
        Assert.DoesNotContain("photos/photo-2.jpg", await EmbeddedStack.KeysAsync(stack.Overlay));

        await ExecuteAsync("reset-overlay");

        Assert.Superset(new HashSet<string> { "photos/photo-2.jpg", "kept.txt" }, await EmbeddedStack.KeysAsync(stack.Overlay));
    }

    [OrchestratorFact]
    public async Task Explain_shows_why_a_key_is_seen_as_it_is()
    {
        const string Key = "odd ü&=+/explained.txt";
        await stack.Overlay.PutObjectAsync(new PutObjectRequest { BucketName = EmbeddedStack.Bucket, Key = Key, ContentBody = "mine" });

        var result = await ExecuteAsync("explain", ("bucket", EmbeddedStack.Bucket), ("key", Key));

        Assert.Contains("written", result.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(CommandResultFormat.Json, result.Data!.Format);
        Assert.Contains("\"reason\":\"written\"", result.Data.Value, StringComparison.Ordinal);
    }

    [OrchestratorFact]
    public async Task Changes_lists_what_was_written_and_deleted()
    {
        await stack.GivenAsync("changes/deleted");
        await stack.Overlay
            .PutObjectAsync(new PutObjectRequest { BucketName = EmbeddedStack.Bucket, Key = "changes/mine", ContentBody = "mine" });
        await stack.Overlay.DeleteObjectAsync(EmbeddedStack.Bucket, "changes/deleted");

        var result = await ExecuteAsync("changes", ("bucket", EmbeddedStack.Bucket), ("prefix", "changes/"));

        Assert.Equal("2 in all.", result.Message);
        Assert.Equal(["deleted     demo/changes/deleted", "added       demo/changes/mine"],
            result.Data!.Value.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [OrchestratorFact]
    public async Task Warm_brings_a_prefix_into_the_cache()
    {
        await stack.GivenAsync("warm/a", "warm/b");

        var result = await ExecuteAsync("warm", ("bucket", EmbeddedStack.Bucket), ("prefix", "warm/"));

        Assert.Contains("brought: 2", result.Message, StringComparison.Ordinal);
        Assert.Equal(("HIT", "HIT"), (await stack.ReadAsync("warm/a"), await stack.ReadAsync("warm/b")));
    }

    [OrchestratorFact]
    public async Task Revert_all_takes_back_writes_and_deletes_of_remote_objects()
    {
        await stack.GivenAsync("revert/written", "revert/deleted");
        await stack.Overlay
            .PutObjectAsync(new PutObjectRequest { BucketName = EmbeddedStack.Bucket, Key = "revert/written", ContentBody = "mine" });
        await stack.Overlay.DeleteObjectAsync(EmbeddedStack.Bucket, "revert/deleted");

        await ExecuteAsync("revert-all");

        Assert.Superset(new HashSet<string> { "revert/written", "revert/deleted" }, await EmbeddedStack.KeysAsync(stack.Overlay));
        using var read = await stack.Overlay.GetObjectAsync(EmbeddedStack.Bucket, "revert/written");
        Assert.Equal("theirs", await new StreamReader(read.ResponseStream).ReadToEndAsync());
    }

    [OrchestratorFact]
    public async Task What_the_proxy_refuses_is_said_in_its_words()
    {
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);

        var result = await stack.Application.ResourceCommands.ExecuteCommandAsync(
            "proxy", "evict", Inputs(("bucket", "no-such-bucket")), limit.Token);

        Assert.False(result.Success);
        Assert.Contains("no-such-bucket", result.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("{", result.Message, StringComparison.Ordinal);
    }

    [OrchestratorFact]
    public async Task The_console_has_a_named_URL_and_a_command_that_signs_in()
    {
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        var proxy = await stack.Application.ResourceNotifications.WaitForResourceHealthyAsync("proxy", limit.Token);
        var url = Assert.Single(proxy.Snapshot.Urls, static url => url.DisplayProperties.DisplayName == "Console").Url;

        var link = (await ExecuteAsync("console")).Message![5..];

        Assert.StartsWith(url, link, StringComparison.Ordinal);
        using var http = new HttpClient();
        Assert.Contains("Overview", await http.GetStringAsync(new Uri(link)), StringComparison.Ordinal);
        using var again = await http.GetAsync(new Uri(link));
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, again.StatusCode);
        Assert.Equal([("console", ResourceCommandState.Hidden)], await CommandsAsync("remote", ["console"]));
    }

    [OrchestratorFact]
    public async Task Commands_show_only_if_there_is_a_remote()
    {
        string[] names =
            ["changes", "explain", "warm", "evict", "drop-cache", "undelete", "reset-overlay", "revert-all"];

        Assert.Equal(names.Select(name => (name, ResourceCommandState.Enabled)), await CommandsAsync("proxy", names));
        Assert.Equal(names.Select(name => (name, ResourceCommandState.Hidden)), await CommandsAsync("remote", names));
    }

    private async Task<ExecuteCommandResult> ExecuteAsync(string name, params (string Name, string Value)[] arguments)
    {
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        var result = await stack.Application.ResourceCommands.ExecuteCommandAsync("proxy", name, Inputs(arguments), limit.Token);
        Assert.True(result.Success, result.Message);
        return result;
    }

    private static InteractionInputCollection Inputs(params (string Name, string Value)[] arguments) => new([.. arguments.Select(
        argument => new InteractionInput { Name = argument.Name, Value = argument.Value, InputType = InputType.Text })]);

    private async Task<IEnumerable<(string Name, ResourceCommandState State)>> CommandsAsync(string resource, string[] names)
    {
        using var limit = new CancellationTokenSource(EmbeddedStack.Patience);
        var running = await stack.Application.ResourceNotifications.WaitForResourceHealthyAsync(resource, limit.Token);
        return running.Snapshot.Commands.Where(command => names.Contains(command.Name)).Select(command => (command.Name, command.State));
    }
}
