using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Asks AWS whose keys these are: STS GetCallerIdentity, which needs no permission and changes nothing.</summary>
/// <param name="Arn">The user or role; null if STS did not say.</param>
/// <param name="Code">The error code of STS, or the network failure; null on success.</param>
/// <remarks>https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html</remarks>
internal sealed record CallerIdentity(string? Arn, string? Code)
{
    private const string Query = "Action=GetCallerIdentity&Version=2011-06-15";

    /// <summary>A document of STS is a few hundred bytes.</summary>
    private const int Limit = 64 << 10;

    /// <summary>True if the keys were refused, so that S3 will refuse them too.</summary>
    public bool IsRefused =>
        Code is "InvalidClientTokenId" or "SignatureDoesNotMatch" or "ExpiredToken" or "ExpiredTokenException" or "InvalidAccessKeyId";

    /// <summary>Asks STS. Failures are returned, not thrown.</summary>
    /// <param name="settings">An AWS S3 endpoint: its region and domain are used.</param>
    /// <param name="patience">The longest wait.</param>
    public static async Task<CallerIdentity> FindAsync(EndpointSettings settings, SigningCredentials keys, TimeProvider time,
        TimeSpan patience, CancellationToken cancellationToken)
    {
        var region = EndpointFacts.FirstRegionOf(settings.Endpoint, settings.Region);
        var address = AddressOf(settings, region);
        using var http = new HttpClient(settings.CreateHandler())
            { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = Limit };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/?" + Query));
        var signed = new RequestSigner(keys, region, "sts").Sign("GET", address.Authority, "/", Query, [], SigV4.EmptyPayload,
            time.GetUtcNow());
        foreach (var header in signed.Headers)
        {
            request.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var response = await http.SendAsync(request, both.Token);
            var document = XElement.Parse(await response.Content.ReadAsStringAsync(both.Token));
            string? Text(string name) => document.Descendants().FirstOrDefault(element => element.Name.LocalName == name)?.Value;
            return Text("Arn") is { Length: > 0 } arn ? new(arn, null) : new(null, Text("Code") ?? $"status {(int)response.StatusCode}");
        }
        catch (XmlException)
        {
            return new(null, "an answer that is not STS's");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            return new(null, $"{address.Authority} cannot be reached");
        }
    }

    /// <summary>STS in the region, or the address in <c>AWS_ENDPOINT_URL_STS</c>, as AWS's own tools do.</summary>
    /// <remarks>
    /// https://docs.aws.amazon.com/general/latest/gr/sts.html and https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    /// </remarks>
    private static Uri AddressOf(EndpointSettings settings, string region) =>
        Uri.TryCreate(Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL_STS"), UriKind.Absolute, out var named)
            ? named
            : new Uri($"{settings.Address.Scheme}://sts.{region}.{AwsHosts.DomainOf(settings.Address.Host) ?? AwsHosts.Domains[0]}");
}
