using System.Net.Sockets;
using System.Text.Json;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting.Diagnosis;

/// <summary>The command <c>doctor</c>: its checks, its output, and its exit code.</summary>
public sealed class DoctorTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ScriptedRemote _remote = null!;

    private string Address => _remote.Endpoint.ToString().TrimEnd('/');

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("prod-photos", "2024/a.jpg", new byte[5]);
    }

    public async Task DisposeAsync()
    {
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task It_looks_at_everything_and_changes_nothing()
    {
        var (code, output, errors) = await RunAsync([.. Remote(), "--S3_OVERLAY_CACHE_ENABLED=true"]);

        Assert.Equal((0, ""), (code, errors));
        Assert.All(
            ["settings", "data folder", "cache folder", "free space", "port", "remote credentials", "remote ", "remote clock",
                "bucket photos", "remote read"],
            check => Assert.Contains($"✓ {check}", output, StringComparison.Ordinal));
        Assert.Contains("\"2024/a.jpg\" in the bucket \"prod-photos\"", output, StringComparison.Ordinal);
        Assert.Contains("the access key AKIA...MPLE of S3_OVERLAY_REMOTE_ACCESS_KEY_ID.", output, StringComparison.Ordinal);
        Assert.Contains(", 0 failed, 0 unknown.", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["data"]));
    }

    [Fact]
    public async Task What_is_wrong_is_a_cross_with_a_remedy_and_exit_code_1()
    {
        Directory.CreateDirectory(_folder["data"]);
        await File.WriteAllTextAsync(_folder["data/thesis.txt"], "kept");
        var (code, output, _) = await RunAsync([.. Remote("photos:prod-fotos"), "--S3_OVERLAY_CHACHE_ENABLED=true"]);

        Assert.Equal(1, code);
        Assert.Matches("\\? settings +S3_OVERLAY_CHACHE_ENABLED: .*Did you mean S3_OVERLAY_CACHE_ENABLED\\?", output);
        Assert.Matches("✗ data folder +.* it contains thesis.txt. Set S3_OVERLAY_DATA_DIR ", output);
        Assert.Matches(
            "✗ bucket photos +.* does not have the bucket \"prod-fotos\", which photos shows.\n"
            + " +Correct its name in S3_OVERLAY_BUCKET_MAPPING", output);
        Assert.Contains(", 2 failed, ", output, StringComparison.Ordinal);
        Assert.Equal(["thesis.txt"], Directory.EnumerateFileSystemEntries(_folder["data"]).Select(Path.GetFileName));
    }

    [Fact]
    public async Task What_depends_on_something_that_failed_does_not_say_the_same_again()
    {
        Answer(403, "SignatureDoesNotMatch");
        var (code, output, _) = await RunAsync(Remote());

        Assert.Equal(1, code);
        Assert.Contains("✗ remote ", output, StringComparison.Ordinal);
        Assert.Contains("Correct S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY.", output, StringComparison.Ordinal);
        Assert.DoesNotContain("bucket photos", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_wrong_settings_are_reported_and_nothing_else_is_checked()
    {
        var (code, output, _) = await RunAsync([.. Remote(), "--S3_OVERLAY_CHUNK_SIZE=banana", "--S3_OVERLAY_PORT=x"]);

        Assert.Equal(1, code);
        Assert.Matches("✗ settings +S3_OVERLAY_CHUNK_SIZE = \"banana\"", output);
        Assert.Matches("✗ settings +S3_OVERLAY_PORT = \"x\"", output);
        Assert.Empty(_remote.Requests);
    }

    [Fact]
    public async Task As_JSON_it_is_one_document()
    {
        var (code, output, _) = await RunAsync([.. Remote("photos:prod-fotos"), "--json"]);
        var document = JsonDocument.Parse(output).RootElement;
        var wrong = document.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("result").GetString() == "wrong");

        Assert.Equal((1, false), (code, document.GetProperty("ok").GetBoolean()));
        Assert.Equal(("bucket photos", "S3_OVERLAY_BUCKET_MAPPING"),
            (wrong.GetProperty("check").GetString(), wrong.GetProperty("setting").GetString()));
        Assert.Contains("prod-fotos", wrong.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("Correct its name", wrong.GetProperty("remedy").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_of_another_program_is_wrong_and_one_of_a_proxy_is_not()
    {
        using var other = new TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        var taken = $"http://127.0.0.1:{((System.Net.IPEndPoint)other.LocalEndpoint).Port}";
        var answering = other.AcceptTcpClientAsync().ContinueWith(client => client.Result.Dispose(), TaskScheduler.Default);
        var finding = await MachineChecks.PortAsync(taken, default);
        await answering;
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null);

        Assert.Equal(Verdict.Failed, finding.Verdict);
        Assert.Contains("in use by another program", finding.Message, StringComparison.Ordinal);
        Assert.Equal(Verdict.Passed, (await MachineChecks.PortAsync(proxy.Endpoint.ToString(), default)).Verdict);
    }

    [Fact]
    public async Task A_clock_that_is_off_is_wrong_though_the_proxy_gets_along_with_it()
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow.AddMinutes(-20));
        var findings = await FindAsync(new Machine { Time = clock }, Remote());
        var finding = findings.Single(finding => finding.Subject == "remote clock");

        Assert.Equal(Verdict.Failed, finding.Verdict);
        Assert.Contains("20 minutes behind that of " + Address, finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "<GetCallerIdentityResponse><GetCallerIdentityResult>"
        + "<Arn>arn:aws:iam::123456789012:user/ann</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>",
        "it is arn:aws:iam::123456789012:user/ann.", 0)]
    [InlineData("<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>", "InvalidClientTokenId", 2)]
    [InlineData("<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", "AWS did not say: AccessDenied", 1)]
    public async Task At_AWS_it_shows_the_identity_of_the_keys(string response, string message, int verdict)
    {
        _remote.Script = async (request, context) =>
        {
            if (!request.RawQuery.Contains("Action=GetCallerIdentity", StringComparison.Ordinal))
            {
                return ScriptedOutcome.AsUsual;
            }

            await context.Response.WriteAsync(response);
            return ScriptedOutcome.Answered;
        };
        var machine = new Machine
        {
            Connect = async (_, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync("127.0.0.1", _remote.Endpoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var findings = await FindAsync(machine,
            [.. Remote(), "--S3_OVERLAY_REMOTE_ENDPOINT=http://s3.eu-west-1.amazonaws.com", "--S3_OVERLAY_REMOTE_ADDRESSING_STYLE=path"]);
        var finding = findings.Single(finding => finding.Subject == "remote credentials");
        var asked = _remote.Requests.Single(request => request.RawQuery.Contains("GetCallerIdentity", StringComparison.Ordinal));

        Assert.Equal(verdict, (int)(finding.Verdict switch { Verdict.Passed => 0, Verdict.Undecided => 1, _ => 2 }));
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
        Assert.Equal("sts.eu-west-1.amazonaws.com", asked.Headers["Host"]);
        Assert.Contains("/eu-west-1/sts/aws4_request", asked.Headers["Authorization"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_credentials_are_reported_once_with_their_profile()
    {
        var (code, output, _) = await RunAsync(["--S3_OVERLAY_REMOTE_PROFILE=no-such-profile", $"--S3_OVERLAY_REMOTE_ENDPOINT={Address}"]);

        Assert.Equal(1, code);
        Assert.Matches(
            "✗ remote credentials +There is no AWS profile 'no-such-profile' \\(S3_OVERLAY_REMOTE_PROFILE\\).\n"
            + " +.*S3_OVERLAY_REMOTE_PROFILE", output);
        Assert.Contains(" 1 failed", output, StringComparison.Ordinal);
        Assert.Empty(_remote.Requests);
    }

    [Fact]
    public async Task A_store_as_local_is_looked_at_too()
    {
        Answer(403, "InvalidAccessKeyId");
        var (code, output, _) = await RunAsync([$"--S3_OVERLAY_LOCAL_ENDPOINT={Address}", $"--S3_OVERLAY_SPOOL_DIR={_folder["spool"]}"]);

        Assert.Equal(1, code);
        Assert.Matches("✗ local store +.* does not know the access key minioadmin.\n +Correct S3_OVERLAY_LOCAL_ACCESS_KEY.", output);
        Assert.Contains("✓ spool folder", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "s3overlay doctor --S3_OVERLAY_REMOTE_ENDPOINT=", "--help")]
    [InlineData(2, "--jason'", "--jason")]
    public async Task It_has_help_and_refuses_what_it_does_not_know(int expected, string text, string argument)
    {
        var (code, output, errors) = await RunAsync([argument]);

        Assert.Equal(expected, code);
        Assert.Contains(text, output + errors, StringComparison.Ordinal);
    }

    private string[] Remote(string mapping = "photos:prod-photos") =>
    [
        $"--S3_OVERLAY_REMOTE_ENDPOINT={Address}", "--S3_OVERLAY_REMOTE_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
        "--S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY=hush-hush", $"--S3_OVERLAY_BUCKET_MAPPING={mapping}",
        "--S3_OVERLAY_REMOTE_CONNECT_TIMEOUT=3m", "--S3_OVERLAY_REMOTE_BUDGET=10m",
    ];

    private string[] Own() => [$"--S3_OVERLAY_DATA_DIR={_folder["data"]}", "--urls=http://127.0.0.1:0"];

    private async Task<List<Finding>> FindAsync(Machine machine, string[] arguments)
    {
        var findings = new List<Finding>();
        await foreach (var finding in new Doctor(new ConfigurationBuilder().AddCommandLine([.. Own(), .. arguments]).Build(), machine)
            .FindAsync(default))
        {
            findings.Add(finding);
        }

        return findings;
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(string[] arguments)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var code = await CommandLine.RunAsync(["doctor", .. Own(), .. arguments], output, errors);
        Assert.DoesNotContain("hush", output.ToString(), StringComparison.Ordinal);
        return (code, output.ToString(), errors.ToString());
    }

    private void Answer(int status, string code) => _remote.Script = async (_, context) =>
    {
        await ScriptedRemote.RespondErrorAsync(context, status, code);
        return ScriptedOutcome.Answered;
    };
}
