using Amazon.S3;

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace S3Overlay.Client;

/// <summary>
/// Healthy if the endpoint answers a signed ListBuckets. AccessDenied counts as healthy: the key is valid, but may not list.
/// </summary>
internal sealed class S3HealthCheck(IAmazonS3 client) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await client.ListBucketsAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (AmazonS3Exception answer) when (answer.ErrorCode == "AccessDenied")
        {
            return HealthCheckResult.Healthy("The key may not list buckets.");
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return new(context.Registration.FailureStatus, failure.Message, failure);
        }
    }
}
