using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.FrontDoor;

namespace S3Overlay.Tests.Support;

/// <summary>
/// The services that issue AWS credentials, on one loopback port: STS, SSO and its OIDC, a container's credentials and the instance
/// metadata service (version 2 only). Each issues temporary keys whose id contains the role and a growing number.
/// </summary>
internal sealed class FakeAws : IAsyncDisposable
{
    /// <summary>Part of every secret, so that tests can search for leaks.</summary>
    public const string Secret = "hush-hush";

    private const string MetadataToken = "metadata-" + Secret;

    private readonly ConcurrentQueue<string> _requests = new();
    private LoopbackServer _server = null!;
    private int _issued;

    private FakeAws()
    {
    }

    public Uri Endpoint => _server.Endpoint;

    /// <summary>The lifetime of the keys that it issues.</summary>
    public Func<string, TimeSpan> LifeOf { get; set; } = static _ => TimeSpan.FromHours(1);

    /// <summary>The requests, with the access key of each.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    public static async Task<FakeAws> StartAsync()
    {
        var aws = new FakeAws();
        aws._server = await LoopbackServer.StartAsync(aws.HandleAsync);
        return aws;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private Task HandleAsync(HttpContext context) => (context.Request.Method, context.Request.Path.Value) switch
    {
        ("POST", "/") => RespondStsAsync(context),
        ("GET", "/federation/credentials") => RespondSsoAsync(context),
        ("POST", "/token") => RespondOidcAsync(context),
        ("GET", "/container") => RespondContainerAsync(context),
        ("PUT", "/latest/api/token") => RespondMetadataTokenAsync(context),
        ("GET", { } path) when path.StartsWith("/latest/", StringComparison.Ordinal) => RespondMetadataAsync(context, path),
        _ => AnswerAsync(context, 404, "text/plain", ""),
    };

    /// <summary>https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, API_AssumeRoleWithWebIdentity.html</summary>
    private async Task RespondStsAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        var action = form["Action"].ToString();
        var role = form["RoleArn"].ToString().Split('/')[^1];
        _requests.Enqueue($"{action} {role} by {SignerOf(context)} external {form["ExternalId"]} token {form["WebIdentityToken"]}");
        if (role == "refused")
        {
            await AnswerAsync(context, 403, "text/xml", """
                <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>
                <Message>User: arn:aws:iam::1:user/dev is not authorized to perform: sts:AssumeRole</Message></Error>
                <RequestId>1</RequestId></ErrorResponse>
                """);
            return;
        }

        var (key, expires) = Issue(role);
        await AnswerAsync(context, 200, "text/xml", $"""
            <{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>
            <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{Secret}</SecretAccessKey>
            <SessionToken>token-of-{key}</SessionToken><Expiration>{expires:yyyy-MM-ddTHH:mm:ssZ}</Expiration></Credentials>
            <AssumedRoleUser><AssumedRoleId>id:session</AssumedRoleId>
            <Arn>arn:aws:sts::1:assumed-role/{role}/session</Arn></AssumedRoleUser>
            </{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>
            """);
    }

    /// <summary>https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html</summary>
    private Task RespondSsoAsync(HttpContext context)
    {
        var role = context.Request.Query["role_name"].ToString();
        _requests.Enqueue(
            $"GetRoleCredentials {role} of {context.Request.Query["account_id"]} token "
            + $"{context.Request.Headers["x-amz-sso_bearer_token"]}");
        var (key, expires) = Issue(role);
        return AnswerAsync(context, 200, new
        {
            roleCredentials = new { accessKeyId = key, secretAccessKey = Secret, sessionToken = $"token-of-{key}",
                expiration = expires.ToUnixTimeMilliseconds() },
        });
    }

    /// <summary>https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html</summary>
    private async Task RespondOidcAsync(HttpContext context)
    {
        using var asked = await JsonDocument.ParseAsync(context.Request.Body);
        _requests.Enqueue(
            $"CreateToken {asked.RootElement.GetProperty("grantType").GetString()} "
            + $"{asked.RootElement.GetProperty("refreshToken").GetString()}");
        await AnswerAsync(context, 200,
            new { accessToken = "refreshed-token", expiresIn = 28800, refreshToken = "next-refresh-token", tokenType = "Bearer" });
    }

    /// <summary>https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html</summary>
    private Task RespondContainerAsync(HttpContext context)
    {
        var authorization = context.Request.Headers.Authorization.ToString();
        _requests.Enqueue($"container with {authorization}");
        return authorization == "Bearer pod-" + Secret ? AnswerAsync(context, 200, JsonOf(Issue("container")))
            : AnswerAsync(context, 401, "text/plain", "");
    }

    /// <summary>https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html</summary>
    private Task RespondMetadataTokenAsync(HttpContext context)
    {
        _requests.Enqueue("metadata token");
        var life = context.Request.Headers["x-aws-ec2-metadata-token-ttl-seconds"].ToString();
        context.Response.Headers["x-aws-ec2-metadata-token-ttl-seconds"] = life;
        return life.Length == 0 ? AnswerAsync(context, 400, "text/plain", "") : AnswerAsync(context, 200, "text/plain", MetadataToken);
    }

    private Task RespondMetadataAsync(HttpContext context, string path)
    {
        _requests.Enqueue(path);
        return context.Request.Headers["x-aws-ec2-metadata-token"] != MetadataToken ? AnswerAsync(context, 401, "text/plain", "")
            : path switch
        {
            "/latest/meta-data/iam/security-credentials/" => AnswerAsync(context, 200, "text/plain", "instance"),
            "/latest/meta-data/iam/security-credentials/instance" => AnswerAsync(context, 200, JsonOf(Issue("instance"))),
            "/latest/meta-data/iam/info" => AnswerAsync(context, 200, new
            {
                Code = "Success", LastUpdated = "2026-01-01T00:00:00Z", InstanceProfileArn = "arn:aws:iam::1:instance-profile/instance",
                InstanceProfileId = "id",
            }),
            _ => AnswerAsync(context, 404, "text/plain", ""),
        };
    }

    private (string Key, DateTimeOffset Expires) Issue(string role) =>
        (string.Create(CultureInfo.InvariantCulture, $"KEY-{role}-{Interlocked.Increment(ref _issued)}"),
            DateTimeOffset.UtcNow + LifeOf(role));

    private static object JsonOf((string Key, DateTimeOffset Expires) issued) => new
    {
        Code = "Success", LastUpdated = "2026-01-01T00:00:00Z", Type = "AWS-HMAC", AccessKeyId = issued.Key, SecretAccessKey = Secret,
        Token = $"token-of-{issued.Key}",
        Expiration = issued.Expires.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
    };

    private static string SignerOf(HttpContext context) =>
        context.Request.Headers.Authorization.ToString() is { Length: > 0 } signature ? signature.Split("Credential=")[1].Split('/')[0]
            : "anonymous";

    private static Task AnswerAsync(HttpContext context, int status, object document) =>
        AnswerAsync(context, status, "application/json", JsonSerializer.Serialize(document));

    private static Task AnswerAsync(HttpContext context, int status, string type, string text)
    {
        (context.Response.StatusCode, context.Response.ContentType) = (status, type);
        return context.Response.WriteAsync(text);
    }
}
