using System.Text.RegularExpressions;

using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>The commands that show and undo changes, as people type them.</summary>
public abstract partial class ChangesCommandTestBase(bool isOnStore) : IAsyncLifetime
{
    private ScriptedRemote _remote = null!;
    private StoreServer? _store;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        foreach (var key in (string[])["2024/a.txt", "2024/b.txt", "2025/c.txt", "same", "text"])
        {
            _remote.Put("photos", key, "one\ntwo\nthree\n"u8.ToArray());
        }

        _store = isOnStore ? await StoreServer.StartAsync() : null;
        _proxy = await OverlayHost.StartAsync(_store?.Endpoint, _remote.Endpoint, null, ("S3_OVERLAY_CACHE_ENABLED", "true"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await (_store?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _remote.DisposeAsync();
    }

    [Fact]
    [Trait("Rule", "P2")]
    public async Task Changes_are_listed_counted_and_grouped()
    {
        Assert.Equal((0, ""), Result(await RunAsync("changes")));
        Assert.Equal(0, (await RunAsync("changes", "--exit-code")).Code);
        await ChangeAsync();

        var (code, output, errors) = await RunAsync("changes");
        Assert.Equal(0, code);
        Assert.Equal(
            ["SIZE WRITTEN BASE KEY", "D TIME TIME photos/2024/a.txt", "M 7 bytes TIME TIME photos/2024/b.txt",
                "A 3 bytes TIME none photos/2025/new"],
            output.TrimEnd('\n').Split('\n').Select(row => Spaces().Replace(Times().Replace(row, "TIME"), " ").Trim()));
        Assert.StartsWith("3 changes (10 bytes): 1 added, 1 overwritten, 1 deleted. The remote has not changed.\n", errors,
            StringComparison.Ordinal);

        Assert.Contains("3 changes", (await RunAsync("changes", "photos", "--summary")).Output, StringComparison.Ordinal);
        var stat = (await RunAsync("changes", "photos", "--stat")).Output;
        Assert.Matches(@"\n\s+2\s+0\s+1\s+0\s+0\s+1\s+0\s+7 bytes\s+photos/2024/\n", stat);
        Assert.Matches(@"\n\s+1\s+1\s+0\s+0\s+0\s+0\s+0\s+3 bytes\s+photos/2025/\n", stat);
        Assert.Equal(4, (await RunAsync("changes", "--exit-code")).Code);
        Assert.Equal(0, (await RunAsync("changes", "photos/2026/", "--exit-code")).Code);
        Assert.Contains("\"kind\":\"overwritten\"", (await RunAsync("changes", "photos/2024/b.txt", "--json")).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "P2")]
    public async Task A_change_at_the_remote_is_marked()
    {
        await ChangeAsync();
        _remote.Put("photos", "2024/b.txt", "other\n"u8.ToArray());

        var (_, output, errors) = await RunAsync("changes", "photos");
        Assert.Contains("\nM! ", output, StringComparison.Ordinal);
        Assert.Contains("The remote changed too, or may have: 1.", errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "P3")]
    public async Task Changes_are_reverted_after_a_question()
    {
        await ChangeAsync();
        Assert.Equal((2, ""), Result(await RunAsync("revert", "photos")));
        Assert.Contains("Would revert 2 keys.", (await RunAsync("revert", "photos", "-n")).Output, StringComparison.Ordinal);

        var (code, output, _) = await RunAsync("revert", "photos", "--yes");
        Assert.Equal(0, code);
        Assert.Contains("Reverted 2 keys. The remote shows again.", output, StringComparison.Ordinal);
        Assert.Contains("Left 1 key: not at the remote. To remove such keys: --added.", output, StringComparison.Ordinal);
        Assert.Equal("one\ntwo\nthree\n", (await _proxy.SendAsync("GET", "/photos/2024/b.txt")).Text);
        Assert.Equal("new", (await _proxy.SendAsync("GET", "/photos/2025/new")).Text);

        Assert.Equal(1, (await RunAsync("revert", "photos/2025/new")).Code);
        Assert.Equal(0, (await RunAsync("revert", "photos/2025/new", "--added")).Code);
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/photos/2025/new")).Status);
        Assert.Equal((0, ""), Result(await RunAsync("changes")));
    }

    [Fact]
    [Trait("Rule", "P2")]
    public async Task A_text_is_compared_line_by_line()
    {
        await _proxy.SendAsync("GET", "/photos/text");
        await _proxy.SendAsync("PUT", "/photos/text", "one\n2\nthree\n", ("Content-Type", "text/plain"), ("x-amz-meta-who", "me"));

        var (code, output, _) = await RunAsync("diff", "photos/text");
        Assert.Equal(0, code);
        Assert.StartsWith("M photos/text\n", output, StringComparison.Ordinal);
        Assert.Matches(@"\n\* size\s+14 bytes\s+12 bytes\n", output);
        Assert.Matches(@"\n\* x-amz-meta-who\s+me\n", output);
        Assert.Contains("--- remote/text\n+++ local/text\n", output, StringComparison.Ordinal);
        Assert.Contains("\n-two\n+2\n", output, StringComparison.Ordinal);
        Assert.Contains("\"remote\":{\"version\":{\"size\":14", (await RunAsync("diff", "photos/text", "--json")).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_text_or_not_there_is_compared_without_its_bytes()
    {
        await _proxy.SendAsync("PUT", "/photos/text", "a\0b");
        Assert.DoesNotContain("@@", (await RunAsync("diff", "photos/text")).Output, StringComparison.Ordinal);
        await _proxy.SendAsync("DELETE", "/photos/text");
        Assert.Contains("\n-two\n", (await RunAsync("diff", "photos/text")).Output, StringComparison.Ordinal);
        _remote.Put("photos", "esc", "a\u001b[2J\n"u8.ToArray());
        await _proxy.SendAsync("PUT", "/photos/esc", "b\n");
        Assert.DoesNotContain('\u001b', (await RunAsync("diff", "photos/esc")).Output);

        var (code, _, errors) = await RunAsync("diff", "photos/same");
        Assert.Equal(1, code);
        Assert.Contains("neither written nor deleted here", errors, StringComparison.Ordinal);
        (code, _, errors) = await RunAsync("diff", "photos/2024/");
        Assert.Equal(2, code);
        Assert.Contains("diff takes one key", errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "A5")]
    public async Task The_original_is_returned_also_of_a_deleted_key()
    {
        await _proxy.SendAsync("DELETE", "/photos/text");
        var response = await _proxy.SendAsync("GET", "/-/v1/original?bucket=photos&key=text");
        Assert.Equal((200, "one\ntwo\nthree\n"), (response.Status, response.Text));
        Assert.Equal(("application/octet-stream", "nosniff"),
            (response.Headers["Content-Type"], response.Headers["X-Content-Type-Options"]));
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/-/v1/original?bucket=photos&key=none")).Status);
    }

    private async Task ChangeAsync()
    {
        await _proxy.SendAsync("GET", "/photos?list-type=2");
        await _proxy.SendAsync("DELETE", "/photos/2024/a.txt");
        await _proxy.SendAsync("PUT", "/photos/2024/b.txt", "changed");
        await _proxy.SendAsync("GET", "/photos/2025/new");
        await _proxy.SendAsync("PUT", "/photos/2025/new", "new");
    }

    private static (int Code, string Output) Result((int Code, string Output, string Errors) run) => (run.Code, run.Output);

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();

    [GeneratedRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")]
    private static partial Regex Times();

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] line)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await CommandLine.RunAsync([.. line, "--endpoint", _proxy.Endpoint.ToString()], output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
