using System.Collections.Concurrent;
using System.Diagnostics;

using Amazon.S3;
using Amazon.S3.Model;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Client;

/// <summary>The client side of an application host's connection string, against a proxy.</summary>
public sealed class S3ClientTests(LocalOnlyFixture overlay) : ClientTestBase, IClassFixture<LocalOnlyFixture>
{
    private string Connection => $"Endpoint={overlay.Proxy.Endpoint};AccessKey=minioadmin;SecretKey=minioadmin";

    [Fact]
    public async Task A_connection_string_gives_a_client()
    {
        using var services = Build(builder => builder.AddS3Client("s3"), ("ConnectionStrings:s3", Connection));
        var client = services.GetRequiredService<IAmazonS3>();
        var bucket = await overlay.NewBucketAsync();

        await client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "a/b c", ContentBody = "hello" });

        using var response = await client.GetObjectAsync(bucket, "a/b c");
        Assert.Equal("hello", await new StreamReader(response.ResponseStream).ReadToEndAsync());
        Assert.Same(client, services.GetRequiredService<IAmazonS3>());
    }

    [Fact]
    public async Task Keyed_clients_keep_their_endpoints_apart()
    {
        await using var other = await ScriptedRemote.StartAsync();
        other.Put("bucket", "key", [1, 2, 3]);
        using var services = Build(
            builder =>
            {
                builder.AddKeyedS3Client("here");
                builder.AddKeyedS3Client("there");
            },
            ("ConnectionStrings:here", Connection),
            ("ConnectionStrings:there", $"Endpoint={other.Endpoint};AccessKey=a;SecretKey=b"));

        var missing = await Assert.ThrowsAsync<AmazonS3Exception>(() => services.GetRequiredKeyedService<IAmazonS3>("here")
            .GetObjectAsync("bucket", "key"));
        using var found = await services.GetRequiredKeyedService<IAmazonS3>("there").GetObjectAsync("bucket", "key");

        Assert.Equal("NoSuchBucket", missing.ErrorCode);
        Assert.Equal(3, found.ContentLength);
        Assert.Null(services.GetService<IAmazonS3>());
    }

    [Fact]
    public async Task A_proxy_that_responds_is_healthy()
    {
        using var services = Build(builder => builder.AddS3Client("s3"), ("ConnectionStrings:s3", Connection));

        Assert.Equal(HealthStatus.Healthy, (await HealthAsync(services)).Status);
    }

    [Fact]
    public async Task A_wrong_secret_is_unhealthy_and_is_not_shown()
    {
        using var services = Build(builder => builder.AddS3Client("s3"),
            ("ConnectionStrings:s3", Connection.Replace("SecretKey=minioadmin", "SecretKey=hush-hush", StringComparison.Ordinal)));

        var report = await HealthAsync(services);

        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.DoesNotContain("hush-hush", Assert.Single(report.Entries).Value.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AccessDenied", HealthStatus.Healthy)]
    [InlineData("SignatureDoesNotMatch", HealthStatus.Unhealthy)]
    public async Task A_key_that_may_not_list_buckets_is_a_valid_key(string code, HealthStatus status)
    {
        await using var store = await ScriptedRemote.StartAsync();
        store.Script = async (_, context) =>
        {
            context.Response.StatusCode = 403;
            await context.Response.WriteAsync($"<Error><Code>{code}</Code><Message>no</Message></Error>");
            return ScriptedOutcome.Answered;
        };
        using var services = Build(builder => builder.AddS3Client("s3"),
            ("ConnectionStrings:s3", $"Endpoint={store.Endpoint};AccessKey=a;SecretKey=b"));

        Assert.Equal(status, (await HealthAsync(services)).Status);
    }

    [Fact]
    public async Task Each_call_is_a_span_with_its_outcome()
    {
        using var services = Build(builder => builder.AddS3Client("s3"), ("ConnectionStrings:s3", Connection));
        var bucket = await overlay.NewBucketAsync();
        using var spans = new Spans();

        await services.GetRequiredService<IAmazonS3>()
            .PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "k", ContentBody = "x" });
        await Assert.ThrowsAsync<NoSuchKeyException>(() => services.GetRequiredService<IAmazonS3>().GetObjectAsync(bucket, "none"));

        var (put, get) = (spans["S3.PutObject"], spans["S3.GetObject"]);
        Assert.Equal(("S3", "PutObject", 200),
            (put.GetTagItem("rpc.service"), put.GetTagItem("rpc.method"), put.GetTagItem("http.response.status_code")));
        Assert.Equal((overlay.Proxy.Endpoint.Host, overlay.Proxy.Port), (put.GetTagItem("server.address"), put.GetTagItem("server.port")));
        Assert.Equal((ActivityKind.Client, ActivityStatusCode.Unset), (put.Kind, put.Status));
        Assert.NotNull(put.GetTagItem("aws.request_id"));
        Assert.Equal(("NoSuchKey", 404, ActivityStatusCode.Error),
            (get.GetTagItem("error.type"), get.GetTagItem("http.response.status_code"), get.Status));
    }

    [Fact]
    public async Task Without_tracing_there_is_no_span_and_without_health_checks_no_check()
    {
        using var services = Build(builder => builder.AddS3Client("s3"), ("ConnectionStrings:s3", Connection),
            ("Aspire:S3Overlay:Client:DisableTracing", "true"), ("Aspire:S3Overlay:Client:s3:DisableHealthChecks", "true"));
        using var spans = new Spans();

        await services.GetRequiredService<IAmazonS3>().ListBucketsAsync();

        Assert.Empty(spans);
        Assert.Null(services.GetService<HealthCheckService>());
    }

    private static Task<HealthReport> HealthAsync(IServiceProvider services) =>
        services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

    /// <summary>The client's spans of this test's own calls.</summary>
    private sealed class Spans : IDisposable, IEnumerable<Activity>
    {
        private readonly Activity _parent = new Activity("test").Start();
        private readonly ConcurrentQueue<Activity> _ended = [];
        private readonly ActivityListener _listener;

        public Spans()
        {
            _listener = new()
            {
                ShouldListenTo = static source => source.Name == "S3Overlay.Client",
                Sample = static (ref _) => ActivitySamplingResult.AllData,
                ActivityStopped = span =>
                {
                    if (span.TraceId == _parent.TraceId)
                    {
                        _ended.Enqueue(span);
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public Activity this[string name] => Assert.Single(_ended, span => span.DisplayName == name);

        public IEnumerator<Activity> GetEnumerator() => _ended.GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

        public void Dispose()
        {
            _listener.Dispose();
            _parent.Stop();
        }
    }
}
