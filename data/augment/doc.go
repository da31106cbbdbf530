// Package augment distorts images at random, so that a network sees another
// picture of the same thing each epoch.
//
// # What it computes
//
// Pixels lie at whole numbers (x,y), y downwards, and c = ((W-1)/2,(H-1)/2) is
// the centre. Pixel p of the distorted image is the original's value at
//
//	q(p) = c + A⁻¹(p - c - t) + u(p)
//
// which is read by one bilinear interpolation, with 0 outside the image. Maps
// and displacements are composed before anything is read, so that nothing is
// blurred twice. All draws are uniform and independent:
//
//	A = R·S·Z    R turns by -rotate to rotate degrees,
//	             S = (1 k; 0 1) shears, k from -shear to shear,
//	             Z = diag(sx,sy) scales, both from 1-scale to 1+scale;
//	t = (tx,ty)  shifts, both from -shift to shift pixels;
//	u = alpha·(G n)  is Simard's elastic displacement, in pixels: n is drawn from
//	             -1 to 1 for each pixel and axis, and 0 outside the image; G is a
//	             Gaussian of deviation sigma pixels, normalized over all whole
//	             numbers: weights exp(-d²/2sigma²)/sum, in x and in y.
//
// The displacement of a pixel far from the border has mean 0 and the deviation
// alpha/(2·sigma·sqrt(3·pi)), which is 1.38 pixels for alpha 34 and sigma 4. At
// the border it is less, for half of its noise is missing there.
//
// Source: P. Simard, D. Steinkraus, J. Platt, Best Practices for Convolutional
// Neural Networks Applied to Visual Document Analysis, ICDAR 2003, section 2,
// where affine maps are displacement fields too. What they leave open, the
// border and the normalization, is as in SciPy's gaussian_filter(mode="constant").
//
// # What it promises
//
// A distorted image depends on the [Spec], the image and the [Key], and on
// nothing else: not on the batch, the thread, or what was distorted before.
// Where nothing is distorted, and where images are shifted by whole pixels, the
// values have the bits that data.Decode gives.
package augment
