using System.Text.Json;
using System.Text.RegularExpressions;

using S3Overlay.Proxy.Hosting;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry.AccessLogs;

/// <summary>The lines that requests leave in <c>S3_OVERLAY_ACCESS_LOG</c>, in each format.</summary>
public sealed partial class AccessLogTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ScriptedRemote _remote = null!;

    private string LogFile => _folder["access.log"];

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("photos", "a b.jpg", new byte[2000]);
    }

    public async Task DisposeAsync()
    {
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_text_line_names_client_key_target_status_bytes_layer_and_cache()
    {
        await using (var proxy = await StartAsync("text"))
        {
            await proxy.SendAsync("GET", "/photos/a%20b.jpg");
            await proxy.WhenIdleAsync();
            await proxy.SendAsync("GET", "/photos/a%20b.jpg", null, ("Range", "bytes=0-9"), ("User-Agent", "test \"1\""));
            await proxy.SendAsync("GET", "/photos/nothing");
            await proxy.Http.SendUnsignedAsync("GET", "/photos/a%20b.jpg");
        }

        var lines = await LinesAsync();
        Assert.Equal(4, lines.Length);
        Assert.Matches(
            "^[0-9-]{10}T[0-9:.]{12}Z 127\\.0\\.0\\.1 minioadmin GET /photos/a%20b\\.jpg 200 2000 [0-9]+\\.[0-9]ms remote MISS GetObject "
            + "- [0-9A-Z]+ \"-\"$", lines[0]);
        Assert.Matches(" GET /photos/a%20b\\.jpg 206 10 [0-9.]+ms cache HIT GetObject - [0-9A-Z]+ \"test \\\\x221\\\\x22\"$", lines[1]);
        Assert.Matches(" 404 [0-9]+ [0-9.]+ms remote MISS GetObject NoSuchKey ", lines[2]);
        Assert.Matches("^[^ ]+ 127\\.0\\.0\\.1 - GET /photos/a%20b\\.jpg 403 [0-9]+ [0-9.]+ms - - GetObject AccessDenied ", lines[3]);
    }

    [Fact]
    public async Task What_programs_ask_again_and_again_leaves_a_line_only_if_it_fails()
    {
        await using (var proxy = await StartAsync("text"))
        {
            foreach (var method in (string[])["stats", "status", "history", "explain?bucket=photos&key=a&remote=false", "stats?no=such",
                "settings", "explain?bucket=photos&key=a"])
            {
                await proxy.SendAsync("GET", "/-/v1/" + method);
            }
        }

        var lines = await LinesAsync();
        Assert.Equal(3, lines.Length);
        Assert.Contains(" /-/v1/stats?no=such 400 ", lines[0], StringComparison.Ordinal);
        Assert.Contains(" /-/v1/settings 200 ", lines[1], StringComparison.Ordinal);
        Assert.Contains(" /-/v1/explain?bucket=photos&key=a 200 ", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_JSON_line_has_the_same_and_the_object()
    {
        await using (var proxy = await StartAsync("json"))
        {
            await proxy.SendAsync("GET", "/photos/a%20b.jpg", null, ("Range", "bytes=0-9"),
                ("Referer", "http://example.org/?X-Amz-Signature=abc&b"));
        }

        var line = JsonDocument.Parse(Assert.Single(await LinesAsync())).RootElement;
        Assert.Equal(
            ("photos", "a b.jpg", 206, 10, 2000, "remote", "MISS", "ok", "minioadmin", "GetObject"),
            (Text("bucket"), Text("key"), line.GetProperty("status").GetInt32(), line.GetProperty("bytesSent").GetInt32(),
                line.GetProperty("objectSize").GetInt32(),
                Text("layer"), Text("cache"), Text("outcome"), Text("requester"), Text("operation")));
        Assert.Equal("http://example.org/?X-Amz-Signature=***&b", Text("referer"));
        Assert.False(line.TryGetProperty("error", out _));
        string Text(string name) => line.GetProperty(name).GetString()!;
    }

    /// <summary>
    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html; the expression is that of
    /// https://docs.aws.amazon.com/athena/latest/ug/querying-s3-access-logs.html.
    /// </summary>
    [Fact]
    public async Task A_line_in_S3s_format_is_read_by_the_expression_that_Athena_has_for_it()
    {
        await using (var proxy = await StartAsync("s3", ("S3_OVERLAY_ACCOUNT_ID", "123456789012")))
        {
            await proxy.SendAsync("GET", "/photos/a%20b.jpg");
            await proxy.SendAsync("PUT", "/photos/a%0Ab", "mine");
        }

        var lines = await LinesAsync();
        var get = S3Line().Match(lines[0]);
        Assert.True(get.Success, lines[0]);
        Assert.Equal(
            ["123456789012", "photos", "127.0.0.1", "minioadmin", "REST.GET.OBJECT", "a%20b.jpg", "GET /photos/a%20b.jpg HTTP/1.1", "200",
                "-", "2000", "2000"],
            new[] { 1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13 }.Select(group => get.Groups[group].Value.Trim('"')));
        Assert.Equal(["SigV4", "-", "AuthHeader"], new[] { 20, 21, 22 }.Select(group => get.Groups[group].Value));
        Assert.EndsWith(" - - remote MISS", lines[0], StringComparison.Ordinal);
        Assert.Contains(" REST.PUT.OBJECT a%0Ab \"PUT /photos/a%0Ab HTTP/1.1\" 200 - - 4 ", lines[1], StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "A4")]
    [InlineData("text")]
    [InlineData("json")]
    [InlineData("s3")]
    public async Task A_presigned_URL_is_logged_without_its_signature_and_token(string format)
    {
        string signature;
        await using (var proxy = await StartAsync(format))
        {
            using var s3 = S3Clients.Create(proxy.Endpoint);
            var url = await s3.GetPreSignedURLAsync(new() { BucketName = "photos", Key = "a b.jpg", Expires = DateTime.UtcNow.AddMinutes(5),
                Protocol = Amazon.S3.Protocol.HTTP });
            signature = url[(url.IndexOf("X-Amz-Signature=", StringComparison.Ordinal) + 16)..];
            Assert.Equal(200, (await proxy.Http.SendUnsignedAsync("GET", url[url.IndexOf("/photos", StringComparison.Ordinal)..])).Status);
            await proxy.Http.SendUnsignedAsync("GET",
                $"/photos/a%20b.jpg?X-Amz-%53ignature={signature}&X-Amz-Security-Token=token-of-mine&Signature=old-one&AWSAccessKeyId=x");
        }

        var log = await File.ReadAllTextAsync(LogFile);
        Assert.Contains("X-Amz-Signature=***", log, StringComparison.Ordinal);
        Assert.All([signature, "token-of-mine", "old-one"], secret => Assert.DoesNotContain(secret, log, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Administration_calls_are_logged_and_health_checks_are_not()
    {
        await using (var proxy = await StartAsync("text"))
        {
            await proxy.SendAsync("GET", "/-/v1/tombstones");
            await proxy.Http.SendUnsignedAsync("GET", "/health");
        }

        Assert.Contains(" GET /-/v1/tombstones 200 ", Assert.Single(await LinesAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_ends_the_start_and_names_the_setting()
    {
        var failure = await Assert.ThrowsAsync<StartupException>(() => OverlayHost
            .StartEmbeddedAsync(null, ("S3_OVERLAY_ACCESS_LOG", _folder["missing/access.log"])));

        Assert.Contains("S3_OVERLAY_ACCESS_LOG", failure.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["missing/access.log"], failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SIGHUP_opens_the_file_again_so_that_it_can_be_moved_away()
    {
        // The parent of the test run may ignore the signal (nohup), and processes inherit that.
        string[] command = ["env", "--default-signal=HUP", .. ProxyProgram.Command];
        await using var proxy = await ProxyProcess.StartAsync(command, _folder["data"], ("S3_OVERLAY_ACCESS_LOG", LogFile));
        var http = new SignedHttp(proxy.Endpoint);
        await http.SendAsync("GET", "/first");
        await Patience.UntilAsync(() => Holds(LogFile, "/first"), "The first request is not logged.");
        File.Move(LogFile, _folder["access.log.1"]);

        await proxy.SignalAsync("HUP");
        await Patience.UntilAsync(() => File.Exists(LogFile), "The file is not opened again.");
        await http.SendAsync("GET", "/second");

        await Patience.UntilAsync(() => Holds(LogFile, "/second"), "The second request is not in the new file.");
        Assert.False(Holds(_folder["access.log.1"], "/second"));
    }

    [Fact]
    public async Task The_console_takes_the_lines_beside_the_log()
    {
        await using var proxy = await ProxyProcess.StartAsync(_folder["data"], ("S3_OVERLAY_ACCESS_LOG", "console"));
        await new SignedHttp(proxy.Endpoint).SendAsync("GET", "/nowhere/at-all");

        await Patience.UntilAsync(() => proxy.Output.Contains(" GET /nowhere/at-all 404 ", StringComparison.Ordinal),
            "The request is not on the console.");
    }

    private static bool Holds(string file, string text) => File.ReadAllText(file).Contains(text, StringComparison.Ordinal);

    private Task<OverlayHost> StartAsync(string format, params (string Name, string Value)[] settings) => OverlayHost.StartEmbeddedAsync(
        _remote.Endpoint, [("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_ACCESS_LOG", LogFile),
            ("S3_OVERLAY_ACCESS_LOG_FORMAT", format), .. settings]);

    private Task<string[]> LinesAsync() => File.ReadAllLinesAsync(LogFile);

    [GeneratedRegex(
        """^([^ ]*) ([^ ]*) \[(.*?)\] ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ("[^"]*"|-) (-|[0-9]*) ([^ ]*) ([^ ]*) ([^ ]*) """
        + """([^ ]*) ([^ ]*) ("[^"]*"|-) ("[^"]*"|-) ([^ ]*)"""
        + """(?: ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*))?.*$""")]
    private static partial Regex S3Line();
}
