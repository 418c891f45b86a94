using System.Net;
using System.Net.Sockets;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting.Diagnosis;

/// <summary>Each failure of a remote has its own message, which names the endpoint, and a remedy that names the setting.</summary>
[Trait("Rule", "M5")]
public sealed class EndpointCheckTests : DiagnosisTestBase
{
    [Theory]
    [InlineData(403, "InvalidAccessKeyId", "does not know the access key AKIA...MPLE", "S3_OVERLAY_REMOTE_ACCESS_KEY_ID")]
    [InlineData(403, "SignatureDoesNotMatch", "the secret key is not the one that belongs to it", "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY")]
    [InlineData(400, "ExpiredToken", "does not accept the session token any more", "S3_OVERLAY_REMOTE_SESSION_TOKEN")]
    [InlineData(403, "RequestTimeTooSkewed", "of this machine differ", "S3_OVERLAY_REMOTE_ENDPOINT")]
    [InlineData(403, "NotSignedUp", "(NotSignedUp)", "S3_OVERLAY_REMOTE_ACCESS_KEY_ID")]
    [InlineData(503, "ServiceUnavailable", "answers 503 ServiceUnavailable", "S3_OVERLAY_REMOTE_ENDPOINT")]
    [InlineData(508, "LoopDetected", "is this proxy itself, or leads back to it", "S3_OVERLAY_REMOTE_ENDPOINT")]
    public async Task What_the_remote_says_is_said_with_the_setting_to_correct(int status, string code, string message, string setting)
    {
        Answer(status, code);
        var finding = await ChecksOf().Endpoint.RunAsync(default);

        Assert.Equal((Verdict.Failed, setting), (finding.Verdict, finding.Setting));
        Assert.Contains(Address, finding.Message, StringComparison.Ordinal);
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
        Assert.Contains(setting, finding.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", finding.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "refuses the connection", "Start it, or correct the port in")]
    [InlineData("http://no-such-host.invalid:9000", "there is no host no-such-host.invalid", "Correct the host in")]
    public async Task An_unreachable_endpoint_is_not_reported_as_slow(string endpoint, string message, string remedy)
    {
        var finding = await ChecksOf($"S3_OVERLAY_REMOTE_ENDPOINT={endpoint}").Endpoint.RunAsync(default);

        Assert.Equal(Verdict.Failed, finding.Verdict);
        Assert.StartsWith(endpoint, finding.Message, StringComparison.Ordinal);
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
        Assert.Contains($"{remedy} S3_OVERLAY_REMOTE_ENDPOINT", finding.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("within", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_endpoint_did_not_answer_within_5_seconds()
    {
        Server.Script = async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return ScriptedOutcome.Answered;
        };
        var finding = await Clock.RunToLimitAsync(ChecksOf().Endpoint.RunAsync(default));

        Assert.Equal((Verdict.Failed, $"{Address} did not answer within 5 seconds."), (finding.Verdict, finding.Message));
    }

    [Fact]
    public async Task TLS_where_there_is_none_may_have_to_be_http()
    {
        var finding = await ChecksOf($"S3_OVERLAY_REMOTE_ENDPOINT=https://127.0.0.1:{Server.Endpoint.Port}").Endpoint.RunAsync(default);

        Assert.Equal(Verdict.Failed, finding.Verdict);
        Assert.Contains("over TLS", finding.Message, StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_REMOTE_CA_FILE, or correct S3_OVERLAY_REMOTE_ENDPOINT: https:// may have to be http://", finding.Remedy,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_of_another_program_does_not_answer_in_HTTP()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var answering = AnswerAsync();
        var finding = await ChecksOf($"S3_OVERLAY_REMOTE_ENDPOINT=http://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}").Endpoint
            .RunAsync(default);
        other.Stop();
        await answering;

        Assert.Equal(Verdict.Failed, finding.Verdict);
        Assert.Contains("does not answer in HTTP", finding.Message, StringComparison.Ordinal);
        Assert.Contains("the port is another program's", finding.Remedy, StringComparison.Ordinal);

        async Task AnswerAsync()
        {
            using var client = await other.AcceptTcpClientAsync();
            await client.GetStream().WriteAsync("SSH-2.0-OpenSSH_9.6\r\n\r\n"u8.ToArray());
        }
    }

    [Fact]
    public async Task A_brief_failure_is_ignored()
    {
        var isFirst = true;
        Server.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, isFirst ? 503 : 403, isFirst ? "SlowDown" : "AccessDenied");
            isFirst = false;
            return ScriptedOutcome.Answered;
        };

        Assert.Equal(Verdict.Passed, (await ChecksOf().Endpoint.RunAsync(default)).Verdict);
    }

    [Theory]
    [InlineData(403, "AccessDenied")]
    [InlineData(501, "NotImplemented")]
    [InlineData(404, "NoSuchBucket")]
    public async Task Credentials_need_not_see_any_bucket(int status, string code)
    {
        Answer(status, code);

        Assert.Equal(Verdict.Passed, (await ChecksOf().Endpoint.RunAsync(default)).Verdict);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    public async Task A_web_page_is_not_taken_for_S3(int status)
    {
        Server.Script = async (_, context) =>
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync("<!DOCTYPE html><html><body>Console</body></html>");
            return ScriptedOutcome.Answered;
        };
        var finding = await ChecksOf().Endpoint.RunAsync(default);

        Assert.Equal(Verdict.Undecided, finding.Verdict);
        Assert.Contains("not as S3 does", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_string_is_named_where_that_says_it()
    {
        var settings = new[] { "ConnectionStrings:remote_images=Endpoint=http://127.0.0.1:1;AccessKey=a;SecretKey=b",
            "S3_OVERLAY_REMOTES=images", "S3_OVERLAY_REMOTE_IMAGES_BACKS=photos" };
        var options = Read(settings);

        Assert.Equal(("ConnectionStrings__remote_images", "ConnectionStrings__remote_images"),
            (options.Remotes[0].EndpointOrigin, options.Remotes[0].KeysOrigin));
        Assert.Equal(
            "S3_OVERLAY_REMOTE_IMAGES_ENDPOINT", Read([.. settings, "S3_OVERLAY_REMOTE_IMAGES_ENDPOINT=http://a.example"]).Remotes[
                0].EndpointOrigin);
    }
}
