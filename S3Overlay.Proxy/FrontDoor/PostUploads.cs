using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Forms;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// Uploads from browser forms. A form is read up to its file; its policy and signature are checked; the rest becomes a PutObject whose body
/// is the file as it arrives. Services know nothing of forms.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingHTTPPOST.html</remarks>
internal sealed class PostUploads(IS3Service service, RequestAuthenticator authenticator, AccessRights rights, AccessGate gate,
    FrontDoorSettings settings)
{
    /// <summary>The size limit of one upload: 5 GiB.</summary>
    private const long MaxSize = 5L << 30;

    /// <summary>Handles one form.</summary>
    /// <param name="form">The request: PostObject, the caller that signed its headers, and the form as its body.</param>
    /// <param name="context">The connection that it came over.</param>
    /// <param name="response">Where to.</param>
    /// <param name="logged">Takes what the logs show of the upload.</param>
    /// <exception cref="S3Exception">
    /// The form is malformed, its signature does not cover the upload, or the object cannot be stored.
    /// </exception>
    public async Task HandleAsync(
        S3Request form, HttpContext context, S3Response response, IFormRecord logged, CancellationToken cancellationToken)
    {
        using var read = await PostForm.ReadAsync(form.Body, form.Header("Content-Type"), cancellationToken);
        var fields = read.Fields;
        if (fields["x-minio-fanout-list"] is not null)
        {
            // Storing the file as a single object would answer another request.
            throw new S3Exception(
                S3Errors.NotImplemented, "Forms that put a file under many keys (x-minio-fanout-list) are not implemented.");
        }

        var key = KeyOf(fields);
        logged.FormKey = key;
        var authenticated = new FormSignature(authenticator).Authenticate(fields, form.Bucket, form.Caller, MaxSize);
        var caller = authenticated.Caller;
        logged.Caller = caller;
        var (smallest, largest) = authenticated.Policy is { } policy ? (policy.Smallest, policy.Largest) : (0, MaxSize);
        var headers = PostHeaders.Of(fields);
        var isForwarded = settings.IsForwarded(form.Bucket);
        var decision = await gate.JudgeAsync(new(caller, S3Operation.PutObject, form.Bucket, key, S3Query.Empty, headers, context)
        {
            IsForwarded = isForwarded,
            Notes = logged.Records,
        });
        if ((decision == AccessDecision.Denied && !(caller.IsAnonymous && isForwarded)) || settings.Hidden.Covers(form.Bucket, key))
        {
            throw new S3Exception(S3Errors.AccessDenied);
        }

        if (decision == AccessDecision.Opened && settings.KeepsRemote(form.Bucket))
        {
            AccessGate.IsOfWritten(S3Operation.PutObject, headers);
        }

        var digests = BodyDigests.Read(headers, sha256: null, announced: [], checksumsAreOfTheBody: true);
        var put = form with
        {
            Operation = S3Operation.PutObject,
            Method = "PUT",
            Key = key,
            Query = S3Query.Empty,
            Headers = headers,
            Caller = caller,
            Account = rights.AccountOf(caller),
            MayWrite = each => rights.MayWrite(caller, form.Bucket, each),
            Body = new VerifiedBody(new PostFileFraming(read.Reader, form.Body.Length, smallest, largest), digests),
        };
        var result = new BufferedResponse();
        await service.HandleAsync(put, result, cancellationToken);
        await result.FinishAsync(cancellationToken);
        if (result.IsCut || result.Status != StatusCodes.Status200OK)
        {
            await result.CopyToAsync(response, cancellationToken);
            return;
        }

        await PostResponse.SendAsync(put, fields, result, response, cancellationToken);
    }

    private static string KeyOf(PostFields fields)
    {
        var key = fields["key"] ?? throw S3Exception.Argument(
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.", "key", "");
        if (key.Length == 0)
        {
            throw S3Exception.Argument("User key must have a length greater than 0.", "key", "");
        }

        if (key.Contains('\0'))
        {
            // No other request could name such a key, and no listing could show it: XML has no such character.
            throw S3Exception.Argument("User key must not contain a NUL character.", "key");
        }

        ObjectKeys.Check(key);
        return key;
    }
}

/// <summary>What logs show of an upload form. Only its fields say it.</summary>
internal interface IFormRecord
{
    /// <summary>The key, once it is known.</summary>
    string? FormKey { get; set; }

    /// <summary>The caller, once the form's signature was checked.</summary>
    S3Caller Caller { get; set; }

    /// <summary>What only the bucket's log shows; null if the bucket has none.</summary>
    LogNotes? Records { get; }
}
