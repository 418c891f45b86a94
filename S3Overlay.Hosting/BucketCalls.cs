using System.Net;

using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace S3Overlay.Hosting;

/// <summary>
/// The two S3 calls that a bucket resource needs: create the bucket, and ask whether it is there. Both are signed with the overlay's own
/// key.
/// </summary>
/// <param name="bucket">The bucket.</param>
/// <param name="clients">Makes the HTTP client.</param>
internal sealed class BucketCalls(S3OverlayBucketResource bucket, IHttpClientFactory clients) : IHealthCheck
{
    /// <summary>
    /// Creates the bucket. A bucket that is there already is left alone. Failures go to the bucket's own log: its health check then keeps
    /// its dependents waiting.
    /// </summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html</remarks>
    public static async Task CreateAsync(S3OverlayBucketResource bucket, IServiceProvider services, CancellationToken cancellationToken)
    {
        var logger = services.GetRequiredService<ResourceLoggerService>().GetLogger(bucket);
        try
        {
            using var response = await new BucketCalls(bucket, services.GetRequiredService<IHttpClientFactory>())
                .SendAsync(HttpMethod.Put, cancellationToken);
            if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.Conflict)
            {
                logger.LogInformation("The bucket {Bucket} is there.", bucket.BucketName);

                // Aspire sets no state for a resource without a process, and checks the health of running resources only.
                await services.GetRequiredService<ResourceNotificationService>()
                    .PublishUpdateAsync(bucket, state => state with { State = KnownResourceStates.Running });
            }
            else
            {
                var answer = await response.Content.ReadAsStringAsync(cancellationToken);
                logger.LogError("The bucket {Bucket} could not be created: {Status} {Answer}", bucket.BucketName, (int)response.StatusCode,
                    answer);
            }
        }
        catch (Exception problem) when (problem is HttpRequestException or DistributedApplicationException)
        {
            logger.LogError("The bucket {Bucket} could not be created: {Reason}", bucket.BucketName, problem.Message);
        }
    }

    /// <summary>Healthy once the bucket is there.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html</remarks>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            using var response = await SendAsync(HttpMethod.Head, cancellationToken);
            return response.IsSuccessStatusCode ? HealthCheckResult.Healthy()
                : new(context.Registration.FailureStatus, $"HEAD {bucket.BucketName} answers {(int)response.StatusCode}.");
        }
        catch (Exception problem) when (problem is HttpRequestException or DistributedApplicationException)
        {
            return new(context.Registration.FailureStatus, problem.Message);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, CancellationToken cancellationToken)
    {
        var overlay = bucket.Parent;
        var endpoint = await overlay.UriExpression.GetValueAsync(cancellationToken)
            ?? throw new DistributedApplicationException($"{overlay.Name} has no address yet.");
        var (access, secret) = (await overlay.AccessKey.GetValueAsync(cancellationToken),
            await overlay.SecretKey.GetValueAsync(cancellationToken));
        using var request = new HttpRequestMessage(method, new Uri(new Uri(endpoint), bucket.BucketName));
        RequestSigning.Sign(request, access!, secret!, DateTimeOffset.UtcNow);
        return await clients.CreateClient().SendAsync(request, cancellationToken);
    }
}
