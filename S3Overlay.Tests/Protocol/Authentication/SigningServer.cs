using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Protocol.Authentication;

/// <summary>A minimal S3 server that checks the signatures and bodies of real clients.</summary>
internal sealed class SigningServer : IAsyncDisposable
{
    public const string AccessKey = "test-key";
    public const string SecretKey = "test/secret+key=";

    private LoopbackServer _server = null!;
    private readonly RequestAuthenticator _authenticator = new(new OneKey(), new AuthenticationSettings(), TimeProvider.System);

    private readonly TaskCompletionSource<Exception> _firstFailure = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SigningServer()
    {
    }

    public Uri Endpoint => _server.Endpoint;

    /// <summary>The stored objects, by path as sent.</summary>
    public ConcurrentDictionary<string, Stored> Objects { get; } = new();

    /// <summary>The errors, as clients got them.</summary>
    public ConcurrentQueue<string> Refusals { get; } = new();

    /// <summary>Completes with the first error response.</summary>
    public Task<Exception> FirstFailure => _firstFailure.Task;

    public static async Task<SigningServer> StartAsync(bool isSecure = false)
    {
        var server = new SigningServer();
        server._server = await LoopbackServer.StartAsync(server.HandleAsync, isSecure);
        return server;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = mark < 0 ? (target, "") : (target[..mark], target[(mark + 1)..]);
        try
        {
            var authenticated = _authenticator.Authenticate(
                request.Method, path, query, S3Query.Parse(query), request.Headers, request.Host.Value ?? "");
            if (authenticated.Caller.IsAnonymous)
            {
                throw new S3Exception(S3Errors.AccessDenied);
            }

            var body = RequestBodies
                .Create(request.Body, context.Features.GetRequiredFeature<IHttpRequestBodyDetectionFeature>().CanHaveBody,
                request.ContentLength, request.Headers, authenticated.Payload);
            await AnswerAsync(context, path, body);
        }
        catch (Exception failure) when (failure is not S3Exception)
        {
            _firstFailure.TrySetResult(failure);
        }
        catch (S3Exception refusal)
        {
            _firstFailure.TrySetResult(refusal);
            Refusals.Enqueue($"{request.Method} {target}: {refusal.Error.Code} {refusal.Message} "
                + string.Join("; ", refusal.Details.Select(detail => $"{detail.Key}={detail.Value}")));
            context.Response.StatusCode = refusal.Error.Status;
            if (request.Method != "HEAD")
            {
                await context.Response.WriteAsync($"<Error><Code>{refusal.Error.Code}</Code><Message>{refusal.Message}</Message></Error>");
            }
        }
    }

    private async Task AnswerAsync(HttpContext context, string path, S3Body body)
    {
        var response = context.Response;
        response.Headers.ETag = "\"00000000000000000000000000000000\"";
        response.Headers.LastModified = "Fri, 24 May 2013 00:00:00 GMT";
        switch (context.Request.Method)
        {
            case "PUT":
                using (var bytes = new MemoryStream())
                {
                    var buffer = new byte[4096];
                    while (await body.ReadAsync(buffer, context.RequestAborted) is var count && count > 0)
                    {
                        bytes.Write(buffer, 0, count);
                    }

                    Objects[path] = new(
                        bytes.ToArray(), body.Checksum, context.Request.Headers
                            .ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
                    response.Headers.ETag = $"\"{Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(bytes.ToArray()))}\"";
                }

                break;

            case "GET" or "HEAD" when Objects.TryGetValue(path, out var stored):
                response.Headers.ETag = $"\"{Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(stored.Bytes))}\"";
                response.ContentLength = stored.Bytes.Length;
                if (context.Request.Method == "GET")
                {
                    await response.Body.WriteAsync(stored.Bytes, context.RequestAborted);
                }

                break;

            case "GET" when path.Count('/') <= 2 && path.TrimEnd('/').Count('/') <= 1:
                await response.WriteAsync(
                    "<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated><MaxKeys>1000</MaxKeys></ListBucketResult>");
                break;

            case "DELETE":
                response.StatusCode = 204;
                break;

            default:
                response.StatusCode = path.TrimEnd('/').Count('/') <= 1 ? 200 : 404;
                break;
        }
    }

    internal sealed record Stored(byte[] Bytes, BodyChecksum? Checksum, Dictionary<string, string> Headers);

    private sealed class OneKey : IKeyRing
    {
        public bool TryGetSecret(string accessKey, [NotNullWhen(true)] out string? secret)
        {
            secret = accessKey == AccessKey ? SecretKey : null;
            return secret is not null;
        }
    }
}
