using Amazon.S3;

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace S3Overlay.Client;

/// <summary>
/// Healthy while the endpoint answers the client's signed question for its buckets. A key that may not list them is a valid key all the
/// same, and says so with AccessDenied; a wrong one is told otherwise.
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
